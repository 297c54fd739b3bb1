-- counts of people are rounded there to the nearest multiple of min_people: at least so many less four are behind a mean
select
    value as first_reply,
    people_count as people,
    ticket_count,
    followed_count,
    bought_before_count,
    bought_after_count,
    mean_nps_before as nps_before_average,
    nps_count - 4 as nps_before_average_people,
    mean_nps_after as nps_after_average,
    nps_count - 4 as nps_after_average_people
from bi.service_performance
where breakdown = 'first reply' and people_count is not null
