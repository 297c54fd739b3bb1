-- first how many the condition holds for, of how many who may be profiled; then one row for each segment that any of them is in,
-- with how many are in it
with
    profiled as (
        select c.customer_id {{ columns }}
        from marts.customer_360 c
        join marts.customer_profile f on f.customer_id = c.customer_id
        left join segments.customer_rfm r on r.customer_id = c.customer_id
    ),
    held as (select customer_id from profiled where {{ condition }}),
    counted as (
        select
            count(*) as customers, (select count(*) from profiled) as of_customers, null as scheme, null as segment, null as size
        from held
        union all
        select count(held.customer_id), null, s.scheme, s.segment, count(*)
        from segments.customer_segments s
        left join held on held.customer_id = s.customer_id
        group by s.scheme, s.segment
        having count(held.customer_id) > 0
    )
from counted
order by scheme nulls first, customers desc, segment
