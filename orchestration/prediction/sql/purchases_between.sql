-- Purchases and spending of each customer of customer_counts after the day $after, to the day $last, in the order of their numbers.
select
    coalesce(window_days.purchases, 0) as purchases,
    coalesce(window_days.spent, 0) as spent
from customer_counts
left join
    (
        select customer, count(*) filter (is_purchase) as purchases, sum(amount) as spent
        from purchase_days
        where day > cast($after as date) and day <= cast($last as date)
        group by customer
    ) as window_days using (customer)
order by number
