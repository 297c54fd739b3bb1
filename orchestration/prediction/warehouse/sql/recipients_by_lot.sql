-- who was drawn into an arm of one draw, and whether they ordered within the days after; more rows than asked for are drawn from
select
    a.customer_id,
    not a.is_held_out as is_treated,
    exists (
        select 1
        from marts.fct_orders o
        where
            o.customer_id = a.customer_id
            and o.is_order
            and o.ordered_at >= {{ as_of }}
            and o.ordered_at < {{ as_of }} + interval {{ horizon_days }} day
    ) as outcome
from {{ arms }} a
semi join profiled using (customer_id)
where a.sent_at = {{ as_of }} and a.draw = {{ draw }}
order by hash(a.customer_id, a.sent_at)
limit {{ most }}
