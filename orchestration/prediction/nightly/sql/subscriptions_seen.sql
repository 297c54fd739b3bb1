-- how many subscriptions there are, how many have ended, and when one last began; a notice for a later day is no end yet
select count(*), count(*) filter (cancelled_at < {{ as_of }}), max(started_at)
from marts.fct_subscriptions semi join marts.customer_profile using (customer_id)
where started_at < {{ as_of }}
