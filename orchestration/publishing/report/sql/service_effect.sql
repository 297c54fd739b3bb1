-- several requests may be of one customer: of so many less than there are requests
select
    value as first_reply,
    people_count as people,
    ticket_count,
    followed_count as followed_count_rounded,
    people_count - ticket_count + followed_count as followed_count_people_rounded,
    bought_before_share,
    followed_count as bought_before_share_of_rounded,
    ticket_count - people_count as bought_before_share_repeats,
    bought_after_share,
    followed_count as bought_after_share_of_rounded,
    ticket_count - people_count as bought_after_share_repeats
from bi.service_performance
where breakdown = 'first reply' and people_count is not null
