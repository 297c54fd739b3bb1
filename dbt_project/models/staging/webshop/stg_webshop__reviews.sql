select
    id::varchar as source_key,
    'webshop' as person_system,
    customer_id::varchar as person_key,
    product_id::varchar as product_key,
    rating,
    text as review_text,
    {{ as_utc("created_at") }} as reviewed_at,
    {{
        staging_end(
            "webshop",
            [["coalesce(rating not between 1 and 5, true)", "rating is missing or not 1 to 5", "out_of_range"]],
        )
    }}
from {{ source("webshop", "reviews") }}
