select
    case theme when 'none' then 'no theme' else theme end || ', in ' || replace(kind, ' answer', '') || 's' as theme,
    people_count as people_rounded,
    text_count as text_count_rounded,
    positive_count as positive_count_rounded,
    negative_count as negative_count_rounded
from bi.feedback_themes
where theme <> 'all' and people_count is not null
