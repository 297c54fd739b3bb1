-- what each customer bought before a moment, how often, and what last
create or replace temp table category_owned as
with
    customers as (
        select customer_id, arg_max(category, nth) as last_category, count(*) as purchases
        from purchase_steps
        where ordered_at < $at
        group by customer_id
    )
select s.customer_id, s.category, count(*) as times, c.last_category, c.purchases
from purchase_steps s
join customers c on c.customer_id = s.customer_id
where s.ordered_at < $at
group by all
