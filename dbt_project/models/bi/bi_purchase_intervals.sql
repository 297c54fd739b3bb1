with
    orders as (
        select
            *,
            -- those who go on are the customers of the next row
            coalesce(
                {{ is_few("lag(next_order_count) over (order by order_number)") }}
                or {{ is_few("lag(customer_count - next_order_count) over (order by order_number)") }},
                false
            ) as is_of_few_before
        from {{ ref("purchase_intervals") }}
    )
select
    order_number,
    case when not is_of_few_before then {{ unless_few("customer_count") }} end as customer_count,
    {{ part_unless_few("next_order_count", "customer_count") }} as next_order_count,
    -- of whole days, and with as many people on either side: else it is the interval of somebody, to the second
    {%- for days, part in {"p10": 10, "p25": 4, "p50": 1, "p75": 4, "p90": 10, "mean": 1}.items() %}
        case when next_order_count >= {{ part * var("min_people") }} then round({{ days }}_days) end as {{ days }}_days
        {{- "," if not loop.last }}
    {%- endfor %}
from orders
