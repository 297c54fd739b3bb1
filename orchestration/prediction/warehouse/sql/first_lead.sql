-- the first moment of which it is known who is a lead: before the first order or contract that was extracted, every customer
-- looks like one
select greatest(min(c.first_seen_at), least(any_value(o.first_at), any_value(s.first_at)))
from marts.dim_customers c
cross join (select min(ordered_at) as first_at from marts.fct_orders where is_order) o
cross join (select min(started_at) as first_at from marts.fct_subscriptions) s
