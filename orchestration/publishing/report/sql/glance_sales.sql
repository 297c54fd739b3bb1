with
    recent as (
        select customer_key, coalesce(customer_key, source_system || ':' || source_key) as person, is_order, net_amount
        from bi.fct_orders
        where ordered_at > {{ as_of }} - interval 30 days and ordered_at <= {{ as_of }}
    ),
    by_person as (
        select person, count(distinct customer_key) as known, {{ metric_orders }} as orders, {{ metric_net_revenue }} as net
        from recent
        group by person
    )
select
    cast(sum(known) as bigint) as people,
    cast(sum(orders) as bigint) as order_count,
    sum(net) as net_amount,
    max(abs(net)) as net_amount_largest
from by_person
