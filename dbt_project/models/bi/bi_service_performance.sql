{{ config(materialized="table") }}

{%- set parts = ["replied", "solved", "rated", "nps", "followed", "bought_before", "bought_after"] %}
{%- set bought = ["bought_before", "bought_after"] %}
with
    marked as (
        select *, {{ is_lumped(["breakdown"], ["value"]) }} as is_lumped
        from (select *, people_count as people from {{ ref("service_performance") }})
    ),
    told as (
        select
            breakdown,
            case when is_lumped then {{ lumped() }} else value end as value,
            bool_or(is_lumped) as is_lumped,
            -- somebody may be among several values: no more people are told of than of the largest
            max(people_count) as people_count,
            sum(ticket_count) as ticket_count
            {%- for part in parts %}
                , sum({{ part }}_count) as {{ part }}_count, max({{ part }}_people_count) as {{ part }}_people_count
            {%- endfor %}
            {%- for part in bought %}, max(un{{ part }}_people_count) as un{{ part }}_people_count {%- endfor %}
            {%- for hours in ["first_reply_p50", "first_reply_p90", "solution_p50", "solution_p90"] %}
                , max({{ hours }}_hours) as {{ hours }}_hours
            {%- endfor %}
            {%- for mean in ["satisfaction", "nps_before", "nps_after"] %}
                , max(mean_{{ mean }}) as mean_{{ mean }}
            {%- endfor %}
        from marked
        group by 1, 2
    ),
    sized as (
        select
            *
            {%- for part in bought %}
                ,
                sum({{ part }}_count) over (partition by breakdown)
                / cast(nullif(sum(followed_count) over (partition by breakdown), 0) as double) as {{ part }}_of_all
            {%- endfor %}
        from told
    ),
    judged as (
        select
            *,
            -- requests may be many, and of few
            true
            {%- for part in bought %}
                and not {{ is_few(part ~ "_people_count") }} and not {{ is_few("un" ~ part ~ "_people_count") }}
            {%- endfor %} as is_bought_told,
            {% for part in bought -%}
                {{ is_large_enough("followed_people_count", part ~ "_of_all") }} {{ "and" if not loop.last }}
            {% endfor %} as is_bought_large
        from sized
    ),
    -- before and after are compared: both are told or neither. Hours and causes are a sample: of those with few
    -- requests, the ones may be told after which many bought, or nobody. How soon it was answered has five values, and
    -- is none
    fair as (
        select
            *,
            is_bought_told
            and (
                breakdown in ('all', 'first reply')
                or (
                    is_bought_large
                    and {{ is_fair_sample("is_bought_told", "is_bought_large", over="over (partition by breakdown)") }}
                )
            ) as is_bought_shown
        from judged
    )
select
    breakdown,
    value,
    case when not is_lumped then people_count end as people_count,
    -- where no cell is of enough people, neither is their sum for certain
    case when not {{ is_few("people_count") }} then cast(ticket_count as bigint) end as ticket_count,
    -- rounded: values subtracted from all would tell of few. Of requests no more are told than there are
    {%- for part in parts %}
        cast(
            case
                when not {{ is_few(part ~ "_people_count") }} then least({{ rounded(part ~ "_count") }}, ticket_count)
            end as bigint
        ) as {{ part }}_count,
    {%- endfor %}
    {%- for part in bought %}
        case
            when is_bought_shown then {{ share_unless_few(part ~ "_count", "followed_count") }}
        end as {{ part }}_share,
    {%- endfor %}
    -- of minutes, and with as many people on either side: else it is somebody's, to the second
    {%- for hours, part in {"first_reply": "replied", "solution": "solved"}.items() %}
        {%- for percent, of_all in {"p50": 1, "p90": 10}.items() %}
            case
                when not is_lumped and {{ part }}_people_count >= {{ of_all * var("min_people") }}
                then round({{ hours }}_{{ percent }}_hours, 1)
            end as {{ hours }}_{{ percent }}_hours,
        {%- endfor %}
    {%- endfor %}
    {%- for mean, part in {"satisfaction": "rated", "nps_before": "nps", "nps_after": "nps"}.items() %}
        case
            when not is_lumped and {{ part }}_people_count >= {{ var("min_people") }} then round(mean_{{ mean }}, 1)
        end as mean_{{ mean }} {{- "," if not loop.last }}
    {%- endfor %}
from fair
