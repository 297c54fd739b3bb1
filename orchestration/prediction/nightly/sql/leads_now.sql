-- who neither ordered nor had a subscription so far
select customer_id from past_leads where known_at < {{ as_of }} and coalesce(first_at >= {{ as_of }}, true)
