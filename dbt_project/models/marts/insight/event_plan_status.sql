{%- set insight = var("insight") %}
with
    seen as (
        select
            coalesce(e.kind, '(none)') as event_kind,
            count(*) filter (e.occurred_at > {{ as_of() }} - interval 7 day) as events_7d,
            count(*) filter (
                e.occurred_at > {{ as_of() }} - interval 35 day and e.occurred_at <= {{ as_of() }} - interval 7 day
            )
            / 4.0 as weekly_before,
            count(distinct {{ web_visitor() }}) as visitor_count,
            count(
                distinct case when e.occurred_at > {{ as_of() }} - interval 7 day then {{ web_visitor() }} end
            ) as visitors_7d,
            count(
                distinct case
                    when
                        e.occurred_at > {{ as_of() }} - interval 35 day
                        and e.occurred_at <= {{ as_of() }} - interval 7 day
                    then {{ web_visitor() }}
                end
            ) as visitors_before,
            max(e.occurred_at) as last_seen_at
        from {{ ref("conformed_web_events") }} e
        where
            e.deleted_at is null
            and e.occurred_at <= {{ as_of() }}
            and e.occurred_at > {{ as_of() }} - {{ days(insight["event_days"]) }}
            and {{ is_of_somebody_free() }}
        group by 1
    )
select
    coalesce(p.event_kind, s.event_kind) as event_kind,
    p.owner,
    p.meaning,
    p.event_kind is not null as is_planned,
    coalesce(p.is_required, false) as is_required,
    coalesce(s.events_7d, 0) as event_count_7d,
    cast(coalesce(s.weekly_before, 0) as double) as mean_week_event_count,
    coalesce(s.visitors_7d, 0) as visitor_count_7d,
    coalesce(s.visitors_before, 0) as visitor_count_4_weeks_before,
    coalesce(s.visitor_count, 0) as visitor_count,
    s.last_seen_at,
    case
        when p.event_kind is null
        then 'unknown'
        when coalesce(s.events_7d, 0) = 0
        then 'missing'
        when
            s.weekly_before >= {{ insight["least_weekly_events"] }}
            and (
                s.events_7d < s.weekly_before / {{ insight["event_drift"] }}
                or s.events_7d > s.weekly_before * {{ insight["event_drift"] }}
            )
        then 'drifting'
        else 'as planned'
    end as status
from seen s
full join {{ ref("event_plan") }} p on p.event_kind = s.event_kind
-- a company that tracks no web events has no plan for them
where (select count(*) from seen) > 0
