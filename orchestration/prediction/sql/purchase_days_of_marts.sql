-- Days on which customers who may be profiled bought, by the time of the night, for a forecast. An order counts as a
-- purchase whatever became of it; refunds lower what its day is worth. A day with an amount that is not known, as without
-- an exchange rate, is worth what the customer's others are on average, else what everybody's are: as 0 it would lower
-- what all others are expected to spend.
create or replace temp table purchase_days as
with
    days as (
        select
            o.customer_id as customer,
            cast(o.ordered_at as date) as day,
            case when count(*) = count(o.net_amount) then sum(o.net_amount) end as amount,
            bool_or(o.is_order) as is_purchase
        from marts.fct_orders o
        semi join marts.customer_profile p on p.customer_id = o.customer_id
        where o.ordered_at <= $as_of and (o.is_order or o.net_amount <> 0)
        group by all
    ),
    own as (
        select customer, avg(amount) as amount
        from days
        where is_purchase and customer in (select customer from days where amount is null)
        group by customer
    ),
    usual as (select avg(amount) as amount from days where is_purchase)
select
    d.customer,
    d.day,
    cast(coalesce(d.amount, o.amount, u.amount, 0) as double) as amount,
    d.is_purchase
from days d
left join own o on o.customer = d.customer
cross join usual u
