-- who is a lead on the day, and whether the first order or contract comes within the days after it
select customer_id, coalesce(min(bought.first_at) < {{ as_of }} + interval {{ horizon_days }} day, false) as label
from known_leads
left join
    (
        select customer_id, ordered_at as first_at from marts.fct_orders where is_order
        union all
        select customer_id, started_at from marts.fct_subscriptions
    ) bought
    using (customer_id)
group by customer_id
