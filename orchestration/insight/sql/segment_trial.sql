-- first how many the condition holds for, of how many who may be profiled; then one row for each segment that any of them is in
with
    profiled as (
        select c.customer_id {{ columns }}
        from marts.customer_360 c
        join marts.customer_profile f on f.customer_id = c.customer_id
        left join segments.customer_rfm r on r.customer_id = c.customer_id
    ),
    held as (select customer_id from profiled where {{ condition }}),
    counted as (
        select count(*) as customers, (select count(*) from profiled) as of_customers, null as scheme, null as segment
        from held
        union all
        select count(*), null, s.scheme, s.segment
        from held
        join segments.customer_segments s on s.customer_id = held.customer_id
        group by s.scheme, s.segment
    )
from counted
order by scheme nulls first, customers desc, segment
