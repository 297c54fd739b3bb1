{%- set parts = {
    "answered": "a.is_answered",
    "nps": "a.nps is not null",
    "csat": "a.csat is not null",
    "ces": "a.ces is not null",
} %}
{%- set window = days(var("insight")["survey_moment_days"]) %}
with
    asked as (
        select
            source_system,
            source_key,
            coalesce(w.shown, survey, 'unknown') as survey,
            customer_id,
            coalesce(
                customer_id, person_system || ':' || person_key, 'row:' || source_system || ':' || source_key
            ) as person,
            coalesce(sent_at, submitted_at) as asked_at,
            coalesce(submitted_at <= {{ as_of() }}, false) as is_answered,
            -- a source that delivers answers only says nothing of who did not answer: one that is yet to come is an
            -- answer, too
            sent_at is not null
            and bool_or(sent_at is not null and submitted_at is null) over (
                partition by source_system, survey
            ) as is_sent,
            case when submitted_at <= {{ as_of() }} then nps end as nps,
            case when submitted_at <= {{ as_of() }} then csat end as csat,
            case when submitted_at <= {{ as_of() }} then ces end as ces
        from {{ ref("fct_survey_responses") }}
        left join {{ source("identity", "shown_values") }} w on not w.is_key and w.value = survey
        where coalesce(sent_at, submitted_at) <= {{ as_of() }}
    ),
    moments as (
        select customer_id, delivered_at as happened_at, 'after delivery' as moment
        from {{ ref("fct_orders") }}
        where customer_id is not null and is_order and delivered_at is not null
        union all
        select customer_id, opened_at, 'after service'
        from {{ ref("fct_tickets") }}
        where customer_id is not null
    ),
    -- the newest of what happened before; of one moment the support request, which is rarer
    about as (
        select a.source_system, a.source_key, {{ latest("m.moment", packed(["m.happened_at", "m.moment"])) }} as moment
        from asked a
        join
            moments m
            on m.customer_id = a.customer_id
            and m.happened_at <= a.asked_at
            and m.happened_at > a.asked_at - {{ window }}
        group by 1, 2
    )
select
    a.survey,
    coalesce(b.moment, 'other') as moment,
    count(distinct a.person) as people_count,
    count(*) as asked_count,
    {%- for part, holds in parts.items() %}
        count(*) filter ({{ holds }}) as {{ part }}_count,
        count(distinct case when {{ holds }} then a.person end) as {{ part }}_people_count,
    {%- endfor %}
    count(*) filter (a.is_sent) as sent_count,
    count(*) filter (a.is_sent and a.is_answered) as sent_answered_count,
    count(*) filter (a.is_sent and a.is_answered)
    / nullif(cast(count(*) filter (a.is_sent) as double), 0) as response_share,
    count(*) filter (a.nps >= 9) as promoter_count,
    count(*) filter (a.nps <= 6) as detractor_count,
    (count(*) filter (a.nps >= 9) - count(*) filter (a.nps <= 6))
    * cast(100 as double)
    / nullif(count(a.nps), 0) as net_promoter_score,
    avg(a.csat) as mean_csat,
    avg(a.ces) as mean_ces
from asked a
left join about b on b.source_system = a.source_system and b.source_key = a.source_key
group by 1, 2
