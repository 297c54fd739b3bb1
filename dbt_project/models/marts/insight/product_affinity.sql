{%- set insight = var("insight") %}
with
    baskets as (
        select distinct i.source_system, i.order_key, i.product_key, o.customer_id
        from {{ ref("fct_order_items") }} i
        join
            {{ ref("fct_orders") }} o
            on o.source_system = i.source_system
            and o.source_key = i.order_key
            and o.is_order
            and o.ordered_at <= {{ as_of() }}
        -- products that are gone too
        left join
            {{ ref("conformed_products") }} p on p.source_system = i.source_system and p.source_key = i.product_key
        left join {{ source("identity", "special_values") }} n on n.value = p.name
        left join {{ source("identity", "special_values") }} c on c.value = p.category
        where i.product_key is not null and i.quantity > 0 and n.value is null and c.value is null
    ),
    totals as (select source_system, count(distinct order_key) as orders from baskets group by source_system),
    products as (
        select
            source_system,
            product_key,
            count(*) as orders,
            row_number() over (order by count(*) desc, source_system, product_key) as place
        from baskets
        group by source_system, product_key
    ),
    -- pairs of few products only: of all there would be their number times itself
    popular as (
        select b.*, p.place
        from baskets b
        join products p on p.source_system = b.source_system and p.product_key = b.product_key
        where p.place <= {{ insight["most_paired_products"] }}
    ),
    -- a pair is one whichever is named first
    one_way as (
        select
            a.source_system,
            a.product_key,
            b.product_key as other_product_key,
            count(*) as orders,
            count(distinct a.customer_id) as customers
        from popular a
        join popular b on b.source_system = a.source_system and b.order_key = a.order_key and b.place > a.place
        group by 1, 2, 3
        having count(*) >= {{ insight["min_pair_orders"] }}
    ),
    pairs as (
        select source_system, product_key, other_product_key, orders, customers
        from one_way
        union all
        select source_system, other_product_key, product_key, orders, customers
        from one_way
    )
select
    p.source_system,
    p.product_key,
    p.other_product_key,
    p.orders as pair_order_count,
    p.customers as customer_count,
    p.orders / cast(t.orders as double) as support_share,
    p.orders / cast(a.orders as double) as confidence_share,
    p.orders * cast(t.orders as double) / (cast(a.orders as double) * b.orders) as lift
from pairs p
join totals t on t.source_system = p.source_system
join products a on a.source_system = p.source_system and a.product_key = p.product_key
join products b on b.source_system = p.source_system and b.product_key = p.other_product_key
