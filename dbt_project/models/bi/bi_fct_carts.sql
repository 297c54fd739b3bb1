select
    f.source_system,
    f.source_key,
    {{ customer_key("f.customer_id") }} as customer_key,
    f.created_at,
    f.abandoned_at,
    f.cart_amount,
    f.currency,
    f.item_count
from {{ ref("fct_carts") }} f
