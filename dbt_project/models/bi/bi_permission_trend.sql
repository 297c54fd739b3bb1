-- rounded: exact counts of two weeks, subtracted, would tell of one person
select
    week_on,
    purpose,
    channel,
    {{ rounded("permitted_count") }} as permitted_count,
    {{ rounded("gained_count") }} as gained_count,
    {{ rounded("lost_count") }} as lost_count,
    is_final
from {{ ref("permission_trend") }}
