-- the lots whose outcome is known and whose arms are not tiny, the latest first
select sent_at, lot
from campaign_arms
where lot_at <= {{ until }}
group by sent_at, lot
having least(count(*) filter (is_held_out), count(*) filter (not is_held_out)) >= {{ fewest }}
order by sent_at desc, lot
limit {{ most }}
