select
    f.source_system,
    f.source_key,
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
    f.channel,
    f.campaign_key,
    f.store,
    {{ analyst_time("f.delivered_at") }} as delivered_at
from {{ ref("fct_orders") }} f
left join {{ ref("dim_customers") }} c using (customer_id)
