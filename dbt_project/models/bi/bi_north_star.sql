{#- grain → when the period that a day is in has ended -#}
{%- set grains = {
    "week": "interval '7' day",
    "month": "interval '1' month",
    "quarter": "interval '3' month",
    "year": "interval '1' year",
} %}
{%- set window = var("insight")["north_star_days"] %}
with
    periods as (
        {%- for grain, length in grains.items() %}
            select
                '{{ grain }}' as grain,
                {{ loop.index }} as place,
                min(week_on) as week_on,
                sum(customer_count) as customer_count,
                sum(reached_count) as reached_count,
                max(target_share) as target_share,
                -- summation order varies: round the last digits
                round(sum(reached_mean_days * reached_count) / nullif(sum(reached_count), 0), 4) as reached_mean_days,
                sum(priced_count) as priced_count,
                sum(first_order_mean_amount * priced_count) / nullif(sum(priced_count), 0) as first_order_mean_amount,
                {%- for driver in north_star_drivers() %}
                    {%- for count in [driver ~ "_count", driver ~ "_reached_count"] %}
                        {{ known_sum(count) }} as {{ count }},
                    {%- endfor %}
                {%- endfor %}
                bool_and(is_final)
                and cast(date_trunc('{{ grain }}', week_on) as timestamp) + {{ length }} + {{ days(window) }}
                <= {{ as_of() }} as is_final
            from {{ ref("north_star") }}
            group by date_trunc('{{ grain }}', week_on) {{- " union all " if not loop.last }}
        {%- endfor %}
    ),
    marked as (
        select *, not {{ is_few("reached_count") }} and not {{ is_few("customer_count - reached_count") }} as is_told
        from periods
    ),
    -- weeks that may be told are those in which many came back, or many did not: no fair sample of all
    grains as (
        select place, {{ is_fair_sample("is_told", "is_final", "customer_count") }} as is_enough
        from marked
        group by place
    ),
    -- the finest that is enough, else the coarsest, of which nothing is told then
    chosen as (
        select place, is_enough
        from grains
        where place = coalesce((select min(place) from grains where is_enough), {{ grains | length }})
    ),
    shown as (
        select m.*, m.is_told and coalesce(c.is_enough, false) as is_shown
        from marked m
        join chosen c on c.place = m.place
    )
select
    week_on,
    grain,
    cast({{ unless_few("customer_count") }} as bigint) as customer_count,
    cast(case when is_shown then reached_count end as bigint) as reached_count,
    case when is_shown then reached_count / cast(customer_count as double) end as reached_share,
    target_share,
    case when is_shown then reached_mean_days end as reached_mean_days,
    cast(
        case
            when not {{ is_few("customer_count") }} and not {{ is_few("priced_count") }} then first_order_mean_amount
        end as decimal(18, 2)
    ) as first_order_mean_amount,
    {%- for driver in north_star_drivers() %}
        {%- set with_it, without_it = driver ~ "_count", "customer_count - " ~ driver ~ "_count" %}
        {%- set reached = driver ~ "_reached_count" %}
        cast({{ part_unless_few(with_it, "customer_count") }} as bigint) as {{ with_it }},
        -- nor may what is left of either count be of few
        case
            when
                is_shown
                and not (
                    {{ is_few(with_it) }}
                    or {{ is_few(without_it) }}
                    or {{ is_few(reached) }}
                    or {{ is_few(with_it ~ " - " ~ reached) }}
                    or {{ is_few("reached_count - " ~ reached) }}
                    or {{ is_few(without_it ~ " - (reached_count - " ~ reached ~ ")") }}
                )
            then cast({{ reached }} as bigint)
        end as {{ reached }},
    {%- endfor %}
    is_final
from shown
