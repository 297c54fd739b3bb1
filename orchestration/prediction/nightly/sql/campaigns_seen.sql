-- how many campaigns' messages there are, and when the last one was sent
select count(*), max(occurred_at)
from marts.fct_email_events semi join marts.customer_profile using (customer_id)
where kind = 'sent' and campaign_key is not null and occurred_at < {{ as_of }}
