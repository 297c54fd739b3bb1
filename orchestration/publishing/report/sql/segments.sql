select
    scheme,
    segment,
    customer_count as people_rounded,
    customer_count as customer_count_rounded,
    customer_count_7d_ago as a_week_ago_count_rounded,
    orders_per_customer as orders_each_average
from bi.segment_overview
where scheme not in ('lifecycle', 'rfm') and segment <> 'in no segment'
qualify row_number() over (partition by scheme order by customer_count desc nulls last, segment) <= 4
