select
    interest_kind,
    {{ shown("interest") }} as interest,
    people_count,
    {{ part_unless_few("unviewed_people_count", "people_count") }} as unviewed_people_count,
    {{ part_unless_few("customer_count", "people_count") }} as customer_count,
    {%- for part in ["searched", "viewed", "carted", "bought", "never_bought"] %}
        {{ part_unless_few(part ~ "_count", "customer_count") }} as {{ part }}_count {{- "," if not loop.last }}
    {%- endfor %}
from {{ ref("interest_gap") }} f {{ joined_shown(["interest"]) }}
-- what few people care about is not told of
where not {{ is_few("people_count") }}
