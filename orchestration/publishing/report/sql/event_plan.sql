select
    event_kind,
    owner,
    status,
    visitor_count as people_rounded,
    event_count_7d as event_count,
    visitor_count_7d as event_count_people_rounded,
    cast(last_seen_at as date) as last_seen_on
from bi.event_plan_status
