-- how many subscriptions there are, and when one last began or ended
select count(*), greatest(max(started_at), max(cancelled_at))
from marts.fct_subscriptions semi join marts.customer_profile using (customer_id)
where started_at < {{ as_of }}
