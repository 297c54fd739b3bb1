-- the lots whose outcome is known and whose arms are not tiny, the latest first
select sent_at, lot
from campaign_lots
where lot_at <= {{ until }} and least(held_out, treated) >= {{ fewest }}
order by sent_at desc, lot
limit {{ most }}
