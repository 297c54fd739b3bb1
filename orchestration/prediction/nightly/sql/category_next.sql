-- of who bought before and after a moment the category of the first purchase after it
create or replace temp table category_next as
select customer, arg_min(category, nth) as category
from purchase_steps
semi join category_owned using (customer)
where ordered_at >= $at and ordered_at < $until
group by customer
