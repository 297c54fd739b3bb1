{%- set window = days(var("insight")["after_service_days"]) %}
{%- set parts = {
    "replied": "first_reply_hours is not null",
    "solved": "solution_hours is not null",
    "rated": "satisfaction is not null",
    "nps": "nps_before is not null and nps_after is not null",
    "followed": "is_followed",
    "bought_before": "is_followed and has_bought_before",
    "bought_after": "is_followed and has_bought_after",
} %}
with
    tickets as (
        select
            t.source_system,
            t.source_key,
            t.customer_id,
            coalesce(
                t.customer_id, t.person_system || ':' || t.person_key, 'row:' || t.source_system || ':' || t.source_key
            ) as person,
            coalesce(w.shown, t.category, 'unknown') as category,
            cast(extract(hour from t.opened_at) as bigint) as opened_hour,
            -- what is of tomorrow is not known tonight
            case
                when t.first_reply_at <= {{ as_of() }} then {{ seconds_between("t.opened_at", "t.first_reply_at") }}
            end
            / cast(3600 as double) as first_reply_hours,
            case when t.solved_at <= {{ as_of() }} then {{ seconds_between("t.opened_at", "t.solved_at") }} end
            / cast(3600 as double) as solution_hours,
            t.satisfaction,
            t.opened_at,
            t.customer_id is not null and t.opened_at + {{ window }} <= {{ as_of() }} as is_followed
        from {{ ref("fct_tickets") }} t
        left join {{ source("identity", "shown_values") }} w on not w.is_key and w.value = t.category
        where t.opened_at <= {{ as_of() }}
    ),
    -- before and after are as long, so that they compare
    scores as (
        select
            t.source_system,
            t.source_key,
            avg(r.nps) filter (r.submitted_at <= t.opened_at) as nps_before,
            avg(r.nps) filter (r.submitted_at > t.opened_at) as nps_after
        from tickets t
        join
            {{ ref("fct_survey_responses") }} r
            on r.customer_id = t.customer_id
            and r.nps is not null
            and r.submitted_at > t.opened_at - {{ window }}
            and r.submitted_at <= t.opened_at + {{ window }}
            and r.submitted_at <= {{ as_of() }}
        group by 1, 2
    ),
    purchases as (
        select
            t.source_system,
            t.source_key,
            bool_or(o.ordered_at <= t.opened_at) as has_bought_before,
            bool_or(o.ordered_at > t.opened_at) as has_bought_after
        from tickets t
        join
            {{ ref("fct_orders") }} o
            on o.customer_id = t.customer_id
            and o.is_sale
            and o.ordered_at > t.opened_at - {{ window }}
            and o.ordered_at <= t.opened_at + {{ window }}
        where t.is_followed
        group by 1, 2
    ),
    followed as (
        select
            t.*,
            -- of decimals: doubles add up to another sum in another order
            cast(s.nps_before as decimal(9, 4)) as nps_before,
            cast(s.nps_after as decimal(9, 4)) as nps_after,
            coalesce(p.has_bought_before, false) as has_bought_before,
            coalesce(p.has_bought_after, false) as has_bought_after,
            case
                when t.first_reply_hours is null
                then 'none yet'
                {%- for hours in [1, 4, 24] %}
                    when t.first_reply_hours <= {{ hours }} then 'within {{ hours }} h'
                {%- endfor %}
                else 'later'
            end as first_reply
        from tickets t
        left join scores s on s.source_system = t.source_system and s.source_key = t.source_key
        left join purchases p on p.source_system = t.source_system and p.source_key = t.source_key
    ),
    cells as (
        select 'all' as breakdown, 'all' as value, f.*
        from followed f
        union all
        select 'category', category, f.*
        from followed f
        union all
        select 'hour', lpad(cast(opened_hour as varchar), 2, '0'), f.*
        from followed f
        union all
        select 'first reply', first_reply, f.*
        from followed f
    )
select
    breakdown,
    value,
    count(distinct person) as people_count,
    count(*) as ticket_count,
    {%- for part, holds in parts.items() %}
        count(*) filter ({{ holds }}) as {{ part }}_count,
        count(distinct case when {{ holds }} then person end) as {{ part }}_people_count,
    {%- endfor %}
    {%- for part in ["bought_before", "bought_after"] %}
        count(distinct case when is_followed and not has_{{ part }} then person end) as un{{ part }}_people_count,
    {%- endfor %}
    {%- for hours in ["first_reply", "solution"] %}
        {%- for percent in [50, 90] %}
            percentile_cont({{ percent / 100 }}) within group (
                order by {{ hours }}_hours
            ) as {{ hours }}_p{{ percent }}_hours,
        {%- endfor %}
    {%- endfor %}
    avg(satisfaction) as mean_satisfaction,
    avg(nps_before) filter ({{ parts["nps"] }}) as mean_nps_before,
    avg(nps_after) filter ({{ parts["nps"] }}) as mean_nps_after
from cells
group by breakdown, value
