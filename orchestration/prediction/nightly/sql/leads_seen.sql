-- how many became customers, and when the last one did; without one there is nothing to learn from
select count(*), max(first_at) from past_leads where first_at < {{ as_of }}
