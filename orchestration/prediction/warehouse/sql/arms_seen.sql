-- the draws whose outcome is known and whose arms are not tiny, the latest first
select a.sent_at, a.draw
from campaign_arms a
semi join marts.customer_profile p on p.customer_id = a.customer_id
where a.sent_at <= {{ until }}
group by a.sent_at, a.draw
having least(count(*) filter (a.is_held_out), count(*) filter (not a.is_held_out)) >= {{ fewest }}
order by a.sent_at desc, a.draw
limit {{ most }}
