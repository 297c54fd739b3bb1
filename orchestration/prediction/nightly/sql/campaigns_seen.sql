-- how many campaigns' messages there are, how many clicks on them, and when the last one was sent
select count(*) filter (kind = 'sent'), count(*) filter (kind = 'clicked'), max(occurred_at) filter (kind = 'sent')
from marts.fct_email_events semi join marts.customer_profile using (customer_id)
where kind in ('sent', 'clicked') and campaign_key is not null and occurred_at < {{ as_of }}
