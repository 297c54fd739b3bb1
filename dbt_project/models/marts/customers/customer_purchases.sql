with
    orders as (
        select
            customer_id,
            count(*) filter (is_order) as order_count,
            {{ known_sum("gross_amount") }} as gross_amount,
            {{ known_sum("refunded_amount") }} as refunded_amount,
            {{ known_sum("net_amount") }} as net_amount,
            min(ordered_at) filter (is_order) as first_ordered_at,
            max(ordered_at) filter (is_order) as last_ordered_at,
            count(*) filter (is_order and ordered_at > {{ as_of() }} - interval 365 day) as order_count_365d,
            count(*) filter (is_order and not is_sale and gross_amount > 0) as refunded_order_count,
            count(*) filter (is_order and discount_amount > 0) as discounted_order_count,
            {{
                known_sum(
                    "case when is_order and discount_amount <> 0 then "
                    ~ in_company_currency("discount_amount", "currency", "exchange_rate")
                    ~ " else 0 end"
                )
            }} as discount_amount,
            {{ earliest("channel", packed(["ordered_at", "source_system", "source_key"])) }} filter (
                is_order
            ) as first_order_channel
        from {{ ref("fct_orders") }}
        where customer_id is not null and {{ has_come("ordered_at") }}
        group by customer_id
    ),
    stores as (
        select customer_id, {{ latest("store", packed(["orders", "last_ordered_at", "store"])) }} as favourite_store
        from
            (
                select customer_id, store, count(*) as orders, max(ordered_at) as last_ordered_at
                from {{ ref("fct_orders") }}
                where customer_id is not null and is_order and store is not null and {{ has_come("ordered_at") }}
                group by 1, 2
            )
        group by customer_id
    ),
    categories as (
        select
            customer_id,
            {{ latest("category", packed(["net_amount", "last_ordered_at", "category"])) }} as favourite_category
        from
            (
                select
                    o.customer_id,
                    p.category,
                    sum(coalesce(i.net_amount, 0)) as net_amount,
                    max(o.ordered_at) as last_ordered_at
                from {{ ref("fct_order_items") }} i
                join
                    {{ ref("fct_orders") }} o
                    on o.source_system = i.source_system
                    and o.source_key = i.order_key
                    and o.is_order
                join {{ ref("dim_products") }} p on p.source_system = i.source_system and p.source_key = i.product_key
                where
                    o.customer_id is not null
                    and p.category is not null
                    and p.is_special_category is not true
                    and {{ has_come("o.ordered_at") }}
                group by 1, 2
            )
        where net_amount > 0
        group by customer_id
    ),
    -- of orders that tell no lines nobody knows what they cost. Lines bring no more than their order did: a discount
    -- or a
    -- refund may be of the whole order
    order_margins as (
        select
            o.customer_id,
            o.source_system,
            o.source_key,
            least(max(o.net_amount), {{ known_sum("i.net_amount") }})
            - {{ known_sum("i.cost_amount") }} as margin_amount,
            count(o.net_amount) as known_orders
        from {{ ref("fct_orders") }} o
        left join {{ ref("fct_order_items") }} i on i.source_system = o.source_system and i.order_key = o.source_key
        where
            o.customer_id is not null
            and {{ has_come("o.ordered_at") }}
            and (o.is_order or o.order_amount < 0 and o.order_status is distinct from 'cancelled')
        group by o.customer_id, o.source_system, o.source_key
    ),
    margins as (
        select customer_id, {{ known_sum("case when known_orders > 0 then margin_amount end") }} as margin_amount
        from order_margins
        group by customer_id
    )
select
    o.customer_id,
    o.order_count,
    o.order_count_365d,
    o.refunded_order_count,
    o.discounted_order_count,
    cast(o.gross_amount as decimal(18, 2)) as gross_amount,
    cast(o.refunded_amount as decimal(18, 2)) as refunded_amount,
    cast(o.net_amount as decimal(18, 2)) as net_amount,
    cast(o.discount_amount as decimal(18, 2)) as discount_amount,
    cast(m.margin_amount as decimal(18, 2)) as margin_amount,
    o.first_ordered_at,
    o.last_ordered_at,
    o.first_order_channel,
    s.favourite_store,
    g.favourite_category
from orders o
left join margins m using (customer_id)
left join stores s using (customer_id)
left join categories g using (customer_id)
