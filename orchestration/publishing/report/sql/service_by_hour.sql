-- requests that are left out of a measure are of at most as many people
select
    value as hour,
    people_count as people,
    ticket_count,
    first_reply_p50_hours as first_reply_hours,
    people_count - ticket_count + replied_count as first_reply_hours_people_rounded,
    mean_satisfaction as satisfaction_average,
    people_count - ticket_count + rated_count as satisfaction_average_people_rounded,
    nullif((people_count - ticket_count + rated_count) * least(5 - mean_satisfaction, mean_satisfaction - 1), 0) - {{ rounded_by }} as satisfaction_average_rest
from bi.service_performance
where breakdown = 'hour' and people_count is not null
