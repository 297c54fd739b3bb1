select
    audience,
    purpose,
    channel,
    max(customer_count) filter (where step = 'matched') as people,
    max(customer_count) filter (where step = 'matched') as matched_count,
    -- where all who match are told with a reason for no permission there is no row of the permitted: 0 is known
    coalesce(
        max(customer_count) filter (where step = 'permitted'),
        case
            when
                sum(customer_count) filter (where step = 'not permitted')
                = max(customer_count) filter (where step = 'matched')
            then 0
        end
    ) as permitted_count,
    max(customer_count) filter (where step = 'in the audience') as in_the_audience_count
from bi.audience_funnel
group by audience, purpose, channel
