select
    count(distinct coalesce(customer_key, source_system || ':' || source_key)) as people,
    count(*) as order_count,
    count(*) filter (where customer_key is null) as unknown_customer_count,
    count(*) filter (where net_amount is null) as without_rate_count,
    count(distinct case when net_amount is null then coalesce(customer_key, source_system || ':' || source_key) end)
        as without_rate_count_people
from bi.fct_orders
where ordered_at > {{ as_of }} - interval 12 months and ordered_at <= {{ as_of }}
