select
    {{ shown("event_kind") }} as event_kind,
    f.owner,
    f.meaning,
    f.is_planned,
    f.is_required,
    case when not {{ is_few("f.visitor_count") }} then f.event_count_7d end as event_count_7d,
    case when not {{ is_few("f.visitor_count") }} then f.mean_week_event_count end as mean_week_event_count,
    {{ unless_few("f.visitor_count") }} as visitor_count,
    {{ analyst_time("f.last_seen_at") }} as last_seen_at,
    f.status
from {{ ref("event_plan_status") }} f {{ joined_shown(["event_kind"]) }}
