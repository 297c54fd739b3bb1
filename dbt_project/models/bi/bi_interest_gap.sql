{#- what is told of a whole, and of whom it is a part -#}
{% set parts = {
    "unviewed": ("unviewed_people_count", "people_count"),
    "no_results": (
        "no_results_people_count",
        "(case when no_results_people_count is not null then people_count end)",
    ),
    "bought": ("bought_count", "customer_count"),
} %}
-- of interests of few those may be told of which many bought, or nobody: no fair sample
with {{ fair_parts(ref("interest_gap"), parts, over="over (partition by interest_kind)") }}
select
    interest_kind,
    {{ shown("interest") }} as interest,
    people_count,
    case when is_unviewed_shown then unviewed_people_count end as unviewed_people_count,
    case when is_no_results_shown then no_results_people_count end as no_results_people_count,
    {{ part_unless_few("customer_count", "people_count") }} as customer_count,
    -- what made somebody interested are counts of a list, and nothing that the interests differ by
    {%- for part in ["searched", "viewed", "carted"] %}
        {{ part_unless_few(part ~ "_count", "customer_count") }} as {{ part }}_count,
    {%- endfor %}
    case when is_bought_shown then bought_count end as bought_count,
    case when is_bought_shown then never_bought_count end as never_bought_count
from fair f {{ joined_shown(["interest"]) }}
-- what few people care about is not told of
where not {{ is_few("people_count") }}
