-- requests that are left out of a measure are of at most as many people. Counts of requests are rounded to the nearest multiple of
-- min_people: at least so many less four are behind one
select
    value as hour,
    people_count as people,
    ticket_count,
    first_reply_p50_hours as first_reply_hours,
    people_count - (ticket_count - (replied_count - 4)) as first_reply_hours_people,
    mean_satisfaction as satisfaction_average,
    people_count - (ticket_count - (rated_count - 4)) as satisfaction_average_people
from bi.service_performance
where breakdown = 'hour' and people_count is not null
