-- who neither ordered nor had a subscription so far
select customer_id from known_leads
