select
    source_system,
    case when affected_count > 0 then 'could not be read' else 'read' end as last_night,
    record_count as new_row_count_rounded,
    cast(newest_at as date) as new_rows_came_on
from bi.data_quality_by_night
where area = 'sources' and is_last_of_day and described_at <= {{ as_of }}
qualify rank() over (order by described_at desc) = 1
