-- what each customer bought before a moment, how often, and what last
create or replace temp table category_owned as
with
    counted as (
        select customer, category, count(*) as times, max(nth) as last_nth
        from purchase_steps
        where ordered_at < $at
        group by all
    ),
    customers as (
        select customer, arg_max(category, last_nth) as last_category, sum(times) as purchases
        from counted
        group by customer
    )
select customer, o.category, o.times, c.last_category, c.purchases
from counted o
join customers c using (customer)
