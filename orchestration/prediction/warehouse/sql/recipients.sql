-- who was sent a campaign on the day, and whether they clicked within the days after it
select customer_id, bool_or(kind = 'clicked') as label
from marts.fct_email_events
semi join profiled using (customer_id)
where
    campaign_key is not null
    and occurred_at >= {{ as_of }}
    and occurred_at < {{ as_of }} + interval {{ horizon_days }} day
    and (campaign_key, source_system) in (
        select campaign_key, source_system
        from marts.fct_email_events
        where kind = 'sent' and occurred_at >= {{ as_of }} and occurred_at < {{ as_of }} + interval 1 day
    )
group by customer_id
having bool_or(kind = 'sent')
