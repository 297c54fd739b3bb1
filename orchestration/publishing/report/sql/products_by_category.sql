with
    bought as (
        select
            coalesce(p.category, 'unknown') as category,
            o.customer_key,
            coalesce(o.customer_key, o.source_system || ':' || o.source_key) as person,
            sum(i.net_amount) as net,
            sum(i.refunded_amount) as refunded
        from bi.fct_order_items i
        join bi.fct_orders o on o.source_system = i.source_system and o.source_key = i.order_key
        left join bi.dim_products p on p.source_system = i.source_system and p.source_key = i.product_key
        where
            i.ordered_at > {{ as_of }} - interval 12 months
            and i.ordered_at <= {{ as_of }}
            and o.is_order
        group by all
    )
select
    category,
    count(customer_key) as people,
    count(customer_key) as known_customer_count,
    sum(net) as net_amount,
    max(abs(net)) as net_amount_largest,
    sum(refunded) as refunded_amount,
    max(abs(refunded)) as refunded_amount_largest,
    count(customer_key) filter (where refunded > 0) as refunded_amount_people
from bought
group by category
