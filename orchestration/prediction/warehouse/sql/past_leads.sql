-- of each customer who may be profiled since when they are known, and when they first ordered or began a contract: whoever is known and has not yet
-- is a lead
create or replace temp table past_leads as
with
    bought as (
        select customer_id, ordered_at as bought_at from marts.fct_orders where is_order
        union all
        select customer_id, started_at from marts.fct_subscriptions
    ),
    firsts as (
        select customer_id, min(bought_at) as first_at
        from bought
        semi join marts.customer_profile using (customer_id)
        group by customer_id
    )
select c.customer_id, c.first_seen_at as known_at, f.first_at
from marts.dim_customers c
semi join marts.customer_profile p on p.customer_id = c.customer_id
left join firsts f on f.customer_id = c.customer_id
