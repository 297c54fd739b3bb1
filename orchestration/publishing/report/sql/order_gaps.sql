select
    count(distinct customer_key) as people,
    count(*) as order_count,
    count(*) filter (where customer_key is null) as without_known_customer_count,
    count(*) filter (where net_amount is null) as without_rate_count,
    count(distinct customer_key) filter (where net_amount is null) as without_rate_count_people
from bi.fct_orders
where ordered_at > {{ as_of }} - interval 12 months and ordered_at <= {{ as_of }}
