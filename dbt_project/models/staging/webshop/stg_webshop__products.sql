select
    id::varchar as source_key,
    title as name,
    category,
    price,
    cost as unit_cost,
    currency,
    {{
        staging_end(
            "webshop",
            [
                ["price < 0", "price is negative", "out_of_range"],
                ["cost < 0", "cost is negative", "out_of_range"],
            ],
        )
    }}
from {{ source("webshop", "products") }}
