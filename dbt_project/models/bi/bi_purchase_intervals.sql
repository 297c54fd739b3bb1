select
    order_number,
    {{ unless_few("customer_count") }} as customer_count,
    {{ part_unless_few("next_order_count", "customer_count") }} as next_order_count,
    {%- for days in ["p10", "p25", "p50", "p75", "p90", "mean"] %}
        case when not {{ is_few("next_order_count") }} then {{ days }}_days end as {{ days }}_days
        {{- "," if not loop.last }}
    {%- endfor %}
from {{ ref("purchase_intervals") }}
