select audience, reason, customer_count as people, customer_count
from bi.audience_funnel
where step in ('not permitted', 'kept out')
qualify row_number() over (partition by audience order by customer_count desc nulls last, reason) <= 3
