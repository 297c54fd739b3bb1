{{ config(meta={"raw_count": "sum(len(line_items))"}) }}

select
    id::varchar || '-' || item.line as source_key,
    id::varchar as order_key,
    item.product_id::varchar as product_key,
    {{ as_utc("created_at") }} as ordered_at,
    item.quantity as quantity,
    item.unit_price as unit_price,
    null as unit_cost,
    item.discount as discount,
    currency,
    item.refunded_quantity as refunded_quantity,
    {{
        staging_end(
            "webshop",
            [required(as_utc("created_at"), "order time")],
        )
    }}
from {{ each_of(source("webshop", "orders"), "line_items", "item") }}
