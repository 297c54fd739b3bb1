-- the days on which campaigns were sent, whose answers are known
select date_trunc('day', occurred_at) as day
from marts.fct_email_events
where kind = 'sent' and campaign_key is not null and occurred_at < {{ until }}
group by day
order by day desc
limit {{ most }}
