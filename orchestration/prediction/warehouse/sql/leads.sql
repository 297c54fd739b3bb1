-- who is a lead on the day, and whether the first order or contract comes within the days after it
select customer_id, coalesce(first_at < {{ as_of }} + interval {{ horizon_days }} day, false) as label
from past_leads
where known_at < {{ as_of }} and coalesce(first_at >= {{ as_of }}, true)
