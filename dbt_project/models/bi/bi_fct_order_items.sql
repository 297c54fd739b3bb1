select
    f.source_system,
    f.source_key,
    f.order_key,
    f.product_key,
    f.ordered_at,
    f.quantity,
    f.unit_price_amount,
    f.discount_amount,
    f.line_amount,
    f.currency,
    f.refunded_quantity
from {{ ref("fct_order_items") }} f
