-- rounded: exact counts of two nights, subtracted, would tell of one person or row
select
    run_id,
    night_on,
    described_at,
    is_last_of_day,
    outcome,
    area,
    source_system,
    subject,
    passed_count,
    warned_count,
    failed_count,
    {{ rounded("record_count") }} as record_count,
    case
        when area = 'sources'
        then affected_count
        -- remaining rows are not people; remaining customers are
        when area = 'set aside' or not {{ is_few("record_count - affected_count") }}
        then {{ rounded("affected_count") }}
    end as affected_count,
    case when area <> 'sources' then {{ share_unless_few("affected_count", "record_count") }} end as affected_share,
    newest_at
from {{ ref("data_quality_by_night") }}
