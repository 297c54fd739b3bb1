-- who has an active subscription
select distinct customer_id
from marts.fct_subscriptions
semi join marts.customer_profile using (customer_id)
where started_at < {{ as_of }} and (cancelled_at is null or cancelled_at >= {{ as_of }})
