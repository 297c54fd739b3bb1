-- The scores with the customers that they are of.
select
    customer_counts.customer,
    round(scores.expected_purchases, 6) as expected_purchases,
    cast(scores.purchases_low as bigint) as purchases_low,
    cast(scores.purchases_high as bigint) as purchases_high,
    round(scores.expected_value, 4) as expected_value,
    round(scores.chance_active, 6) as chance_active
from customer_counts
inner join scores using (number)
order by number
