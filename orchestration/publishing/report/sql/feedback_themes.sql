-- counts are rounded there to the nearest multiple of min_people. Below 10, half of one is at most 4, so at least so many are
-- behind the row; from 10 on it is k, and counts below it are not there
select
    theme || ', in ' || replace(kind, ' answer', '') || 's' as theme,
    people_count - 4 as people,
    text_count,
    positive_count,
    negative_count
from bi.feedback_themes
where theme <> 'all' and people_count is not null
