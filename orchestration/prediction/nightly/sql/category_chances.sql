-- of each customer who bought after the moment: what each part said of the category that came
select
    s.purchases,
    b.popular,
    b.follows,
    coalesce(o.times, 0) / s.purchases as own,
    cast(n.category = s.last_category as double) as is_last,
    k.category = n.category as is_hit,
    k.value as said,
    n.category = (select category from category_base order by popular desc, category limit 1) as is_most_popular
from category_next n
join category_customers c on c.customer = n.customer
join (select distinct customer, last_category, purchases from category_owned) s on s.customer = n.customer
join category_base b on b.last_category = s.last_category and b.category = n.category
left join category_owned o on o.customer = n.customer and o.category = n.category
left join likeliest_category k on k.customer = n.customer
order by hash(c.customer_id), c.customer_id
limit $most
