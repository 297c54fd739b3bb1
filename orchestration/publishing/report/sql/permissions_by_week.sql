select
    week_on,
    purpose,
    channel,
    purpose || ' by ' || channel as asked_for,
    permitted_count as people_rounded,
    permitted_count as permitted_count_rounded,
    gained_count as gained_count_rounded,
    lost_count as lost_count_rounded
from bi.permission_trend
where week_on > cast({{ as_of }} as date) - interval 12 months
