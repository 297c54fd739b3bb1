-- lines have no customer of their own: their words are those of orders of enough customers
with {{ categories_of_many("fct_orders", ["order_status", "currency"]) }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    {{ shown("order_key") }} as order_key,
    {{ shown("product_key") }} as product_key,
    {{ analyst_time("f.ordered_at") }} as ordered_at,
    f.quantity,
    {{ with_category("currency", "f.unit_price_amount") }} as unit_price_amount,
    {{ with_category("currency", "f.discount_amount") }} as discount_amount,
    {{ with_category("currency", "f.line_amount") }} as line_amount,
    {{ category("currency") }} as currency,
    {{ category("order_status") }} as order_status,
    f.refunded_quantity,
    f.gross_amount,
    f.refunded_amount,
    f.net_amount
from
    {{ ref("fct_order_items") }} f
    {{ joined_shown(["source_key", "order_key", "product_key"], is_key=true) }}
    {{ joined_categories(["order_status", "currency"]) }}
