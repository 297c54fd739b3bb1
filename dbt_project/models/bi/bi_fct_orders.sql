with {{ categories_of_many("fct_orders", ["order_status", "currency", "channel", "campaign_key", "store"]) }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    c.customer_key,
    {{ analyst_time("f.ordered_at") }} as ordered_at,
    {{ category("order_status") }} as order_status,
    -- beside amounts in the company's currency these tell the currency
    {{ with_category("currency", "f.order_amount") }} as order_amount,
    {{ with_category("currency", "f.discount_amount") }} as discount_amount,
    {{ category("currency") }} as currency,
    -- without it no total is right, and the amounts tell it
    f.is_order,
    {{ with_category("currency", "f.exchange_rate") }} as exchange_rate,
    f.base_amount,
    f.gross_amount,
    f.refunded_amount,
    f.net_amount,
    {{ category("channel") }} as channel,
    -- a campaign of the company's is no word that somebody wrote, however few bought by it
    case
        when f.campaign_key in (select source_key from {{ ref("conformed_campaigns") }})
        then {{ shown("campaign_key") }}
        else {{ category("campaign_key") }}
    end as campaign_key,
    -- where somebody of a protected identity buys is near to where they live
    case when c.is_protected is not true then {{ category("store") }} end as store,
    {{ analyst_time("f.delivered_at") }} as delivered_at
from {{ ref("fct_orders") }} f
left join
    {{ ref("dim_customers") }} c using (customer_id)
    {{ joined_shown(["source_key"], is_key=true) }}
    {{ joined_categories(["order_status", "currency", "channel", "store"]) }}
    {{ joined_categories(["campaign_key"], is_key=true) }}
