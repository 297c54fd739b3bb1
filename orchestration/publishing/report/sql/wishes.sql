select
    answer,
    case when is_category then 'sold' when not is_category then 'not sold yet' else 'unknown' end as is_it_sold,
    people_count as people,
    people_count as said_by_count
from bi.wishes
