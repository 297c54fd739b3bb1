select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    {{ shown("order_key") }} as order_key,
    {{ shown("product_key") }} as product_key,
    {{ analyst_time("f.ordered_at") }} as ordered_at,
    f.quantity,
    f.unit_price_amount,
    f.discount_amount,
    f.line_amount,
    f.currency,
    f.order_status,
    f.refunded_quantity,
    f.gross_amount,
    f.refunded_amount,
    f.net_amount
from {{ ref("fct_order_items") }} f {{ joined_shown(["source_key", "order_key", "product_key"], is_key=true) }}
