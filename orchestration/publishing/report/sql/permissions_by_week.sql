select
    week_on,
    purpose,
    channel,
    purpose || ' by ' || channel as asked_for,
    permitted_count as people,
    permitted_count,
    gained_count,
    lost_count
from bi.permission_trend
where week_on > cast({{ as_of }} as date) - interval 12 months
