-- of how many people at least: as in service_by_hour
select
    value as first_reply,
    people_count as people,
    ticket_count,
    followed_count,
    people_count - (ticket_count - (followed_count - 4)) as followed_count_people,
    bought_before_count,
    people_count - (ticket_count - (bought_before_count - 4)) as bought_before_count_people,
    bought_after_count,
    people_count - (ticket_count - (bought_after_count - 4)) as bought_after_count_people
from bi.service_performance
where breakdown = 'first reply' and people_count is not null
