-- who has an active subscription on the day, and whether one ends within the days after it
select
    customer_id,
    bool_or(coalesce(cancelled_at < {{ as_of }} + interval {{ horizon_days }} day, false)) as label
from marts.fct_subscriptions
semi join profiled using (customer_id)
where started_at < {{ as_of }} and (cancelled_at is null or cancelled_at >= {{ as_of }})
group by customer_id
