-- rows, not people: several may be of one. Of a source and table of which none is set aside, nothing is told
select source_system, subject as rows_of, record_count as came_count_rounded, affected_count as set_aside_count_rounded
from bi.data_quality_by_night
where area = 'set aside' and is_last_of_day and described_at <= {{ as_of }}
qualify
    rank() over (order by described_at desc) = 1 and affected_count is distinct from 0
