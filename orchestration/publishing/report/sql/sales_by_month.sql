with
    by_person as (
        select
            cast(date_trunc('month', ordered_at) as date) as sales_month,
            coalesce(channel, 'unknown') as channel,
            customer_key,
            coalesce(customer_key, source_system || ':' || source_key) as person,
            {{ metric_orders }} as orders,
            {{ metric_net_revenue }} as net
        from bi.fct_orders
        where
            ordered_at >= date_trunc('month', {{ as_of }}) - interval 12 months
            and ordered_at <= {{ as_of }}
            and (is_order or net_amount <> 0)
        group by all
    )
select
    sales_month,
    channel,
    count(customer_key) as people,
    count(customer_key) as known_customer_count,
    cast(sum(orders) as bigint) as order_count,
    sum(net) as net_amount,
    max(abs(net)) as net_amount_largest
from by_person
group by sales_month, channel
