select
    f.source_system,
    f.source_key,
    f.order_key,
    f.product_key,
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
from {{ ref("fct_order_items") }} f
