-- Days on which customers who may be profiled bought, by the time of the night, for a forecast. An order counts as a
-- purchase whatever became of it; refunds lower what its day is worth. An amount without an exchange rate is not known,
-- and is left out.
create or replace temp table purchase_days as
select
    o.customer_id as customer,
    cast(o.ordered_at as date) as day,
    cast(coalesce(sum(o.net_amount), 0) as double) as amount,
    bool_or(o.is_order) as is_purchase
from marts.fct_orders o
semi join marts.customer_profile p on p.customer_id = o.customer_id
where o.ordered_at <= $as_of and (o.is_order or o.net_amount <> 0)
group by all
