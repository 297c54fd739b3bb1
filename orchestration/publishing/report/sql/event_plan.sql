select event_kind, owner, status, visitor_count as people, event_count_7d as event_count, cast(last_seen_at as date) as last_seen_on
from bi.event_plan_status
