with
    bought as (
        select
            coalesce(p.product_name, i.product_key) as product,
            o.customer_key,
            coalesce(o.customer_key, o.source_system || ':' || o.source_key) as person,
            sum(i.net_amount) as net
        from bi.fct_order_items i
        join bi.fct_orders o on o.source_system = i.source_system and o.source_key = i.order_key
        left join bi.dim_products p on p.source_system = i.source_system and p.source_key = i.product_key
        where
            i.ordered_at > {{ as_of }} - interval 90 days
            and i.ordered_at <= {{ as_of }}
            and o.is_order
        group by all
    )
select
    product,
    count(customer_key) as people,
    count(customer_key) as known_customer_count,
    sum(net) as net_amount,
    max(abs(net)) as net_amount_largest
from bought
where product is not null
group by product
