{{ fact_config("order_items") }}

select
    e.source_system,
    e.source_key,
    e.order_key,
    e.product_key,
    e.ordered_at,
    e.quantity,
    e.unit_price as unit_price_amount,
    e.discount as discount_amount,
    cast(e.quantity * e.unit_price - coalesce(e.discount, 0) as decimal(18, 2)) as line_amount,
    e.currency,
    coalesce(e.refunded_quantity, 0) as refunded_quantity,
    e.load_id
from {{ ref("conformed_order_items") }} e
where
    e.deleted_at is null
    {% if is_incremental() %} and e.load_id > (select coalesce(max(load_id), 0) from {{ this }}) {% endif %}
