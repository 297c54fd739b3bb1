select
    id::varchar as source_key,
    title as name,
    category,
    price,
    currency,
    {{ staging_end("webshop", [["price < 0", "price is negative", "out_of_range"]]) }}
from {{ source("webshop", "products") }}
