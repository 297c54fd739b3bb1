-- counts are rounded there by a step below k: at least so many are behind the row
select
    case theme when 'none' then 'no theme' else theme end || ' (' || replace(kind, ' answer', '') || ')' as theme,
    people_count - 4 as people,
    text_count,
    positive_count,
    negative_count
from bi.feedback_themes
where theme <> 'all' and people_count is not null
