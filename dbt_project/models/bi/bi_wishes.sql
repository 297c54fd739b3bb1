select
    question,
    answer,
    is_category,
    people_count,
    {{ part_unless_few("customer_count", "people_count") }} as customer_count,
    {{ part_unless_few("bought_count", "customer_count") }} as bought_count
from {{ ref("wishes") }}
-- what few people want is not told of
where not {{ is_few("people_count") }}
