with
    by_person as (
        select
            coalesce(channel, 'unknown') as channel,
            customer_key,
            coalesce(customer_key, source_system || ':' || source_key) as person,
            {{ metric_orders }} as orders,
            {{ metric_net_revenue }} as net,
            {{ metric_refunded_revenue }} as refunded
        from bi.fct_orders
        where
            ordered_at > {{ as_of }} - interval 12 months
            and ordered_at <= {{ as_of }}
            and (is_order or net_amount <> 0)
        group by all
    )
select
    channel,
    count(customer_key) as people,
    count(customer_key) as known_customer_count,
    cast(sum(orders) as bigint) as order_count,
    sum(net) as net_amount,
    max(abs(net)) as net_amount_largest,
    sum(refunded) as refunded_amount,
    max(abs(refunded)) as refunded_amount_largest,
    count(customer_key) filter (where refunded > 0) as refunded_amount_people
from by_person
group by channel
