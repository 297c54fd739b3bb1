-- which customers are in a segment, by their place in the order of profiled_people, segment by segment
with
    placed as (
        select c.customer_id, row_number() over (order by c.customer_id) - 1 as position
        from marts.customer_360 c
        join marts.customer_profile f on f.customer_id = c.customer_id
    )
select dense_rank() over (order by s.scheme, s.segment) as segment, placed.position
from segments.customer_segments s
join placed on placed.customer_id = s.customer_id
order by 1, 2
