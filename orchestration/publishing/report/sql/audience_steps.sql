select
    audience,
    purpose,
    channel,
    max(customer_count) filter (where step = 'matched') as people,
    max(customer_count) filter (where step = 'matched') as matched_count,
    max(customer_count) filter (where step = 'permitted') as permitted_count,
    max(customer_count) filter (where step = 'in the audience') as in_the_audience_count
from bi.audience_funnel
group by audience, purpose, channel
