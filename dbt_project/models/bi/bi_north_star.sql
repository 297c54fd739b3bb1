{%- set reached_or_not -%}
    {{ is_few("reached_count") }} or {{ is_few("customer_count - reached_count") }}
{%- endset %}
select
    week_on,
    {{ unless_few("customer_count") }} as customer_count,
    {{ part_unless_few("reached_count", "customer_count") }} as reached_count,
    case when not ({{ reached_or_not }}) then reached_share end as reached_share,
    target_share,
    case when not {{ is_few("reached_count") }} then reached_mean_days end as reached_mean_days,
    case when not {{ is_few("customer_count") }} then first_order_mean_amount end as first_order_mean_amount,
    {%- for driver in north_star_drivers() %}
        {%- set with_it, without_it = driver ~ "_count", "customer_count - " ~ driver ~ "_count" %}
        {%- set reached = driver ~ "_reached_count" %}
        {{ part_unless_few(with_it, "customer_count") }} as {{ with_it }},
        -- nor may what is left of either count be of few
        case
            when
                not (
                    {{ reached_or_not }}
                    or {{ is_few(with_it) }}
                    or {{ is_few(without_it) }}
                    or {{ is_few(reached) }}
                    or {{ is_few(with_it ~ " - " ~ reached) }}
                    or {{ is_few("reached_count - " ~ reached) }}
                    or {{ is_few(without_it ~ " - (reached_count - " ~ reached ~ ")") }}
                )
            then {{ reached }}
        end as {{ reached }},
    {%- endfor %}
    is_final
from {{ ref("north_star") }}
