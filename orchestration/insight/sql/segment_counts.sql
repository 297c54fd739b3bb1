-- on the first night of a scheme nobody moves
with
    history as (
        select *, min(entered_at) over (partition by scheme) as first_night, (select as_of from ops.clock) as night
        from segments.segment_membership_history
    )
select
    scheme,
    segment,
    count(*) filter (left_at is null) as customers,
    (select count(*) from marts.customer_profile) as of_customers,
    min(entered_at) as since,
    count(*) filter (entered_at = night and entered_at > first_night) as entered,
    count(*) filter (left_at = night) as went
from history
group by scheme, segment
order by scheme, customers desc, segment
