with {{ categories_of_many("fct_orders", ["channel", "store"]) }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    c.customer_key,
    {{ analyst_time("f.ordered_at") }} as ordered_at,
    f.order_status,
    f.order_amount,
    f.discount_amount,
    f.currency,
    f.is_order,
    f.exchange_rate,
    f.base_amount,
    f.gross_amount,
    f.refunded_amount,
    f.net_amount,
    {{ category("channel") }} as channel,
    {{ shown("campaign_key") }} as campaign_key,
    {{ category("store") }} as store,
    {{ analyst_time("f.delivered_at") }} as delivered_at
from {{ ref("fct_orders") }} f
left join
    {{ ref("dim_customers") }} c using (customer_id)
    {{ joined_shown(["source_key", "campaign_key"], is_key=true) }}
    {{ joined_categories(["channel", "store"]) }}
