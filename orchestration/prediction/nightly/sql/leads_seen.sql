-- how many became customers, and when the last one did; without one there is nothing to learn from
select count(*), max(first_at)
from
    (
        select customer_id, min(first_at) as first_at
        from
            (
                select customer_id, ordered_at as first_at from marts.fct_orders where is_order
                union all
                select customer_id, started_at from marts.fct_subscriptions
            )
        semi join marts.customer_profile using (customer_id)
        group by customer_id
    )
where first_at < {{ as_of }}
