-- Purchases and spending of each customer of customer_counts after the day $until, to the day $last, in the order of their numbers.
select
    coalesce(later.purchases, 0) as purchases,
    coalesce(later.spent, 0) as spent
from customer_counts
left join
    (
        select customer, count(*) filter (is_purchase) as purchases, sum(amount) as spent
        from purchase_days
        where day > cast($until as date) and day <= cast($last as date)
        group by customer
    ) as later using (customer)
order by number
