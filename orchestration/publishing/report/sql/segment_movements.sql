select
    week as week_on,
    scheme,
    from_segment,
    to_segment,
    customer_count as people_rounded,
    customer_count as customer_count_rounded
from bi.segment_movements
where
    week = (select max(week) from bi.segment_movements)
    -- of all ways that few went together, nobody knows from where to where
    and from_segment <> to_segment
qualify row_number() over (order by customer_count desc nulls last, scheme, from_segment, to_segment) <= 8
