-- the likeliest category of each customer as a score, by its name
insert into scored (customer_id, score, value, reason_codes, outcome)
select c.customer_id, $score, l.value, l.reason_codes, n.name
from likeliest_category l
join category_customers c using (customer)
join (select distinct category, name from category_products) n using (category)
