-- by the hour at which the request came, in the company's time
select
    value as hour,
    people_count as people,
    ticket_count,
    first_reply_p50_hours as first_reply_hours,
    replied_count - 4 as first_reply_hours_people,
    mean_satisfaction as satisfaction_average,
    rated_count - 4 as satisfaction_average_people
from bi.service_performance
where breakdown = 'hour' and people_count is not null
