with
    sold as (
        select
            i.source_system,
            i.product_key,
            o.source_key as order_key,
            o.customer_id,
            o.purchase_number,
            o.purchases,
            i.quantity,
            i.refunded_quantity,
            i.net_amount,
            i.margin_amount,
            i.gross_amount,
            case
                when i.quantity > 0 and i.gross_amount > 0 then i.gross_amount / cast(i.quantity as double)
            end as paid_price,
            coalesce(i.discount_amount, 0) > 0 as is_discounted,
            coalesce(i.discount_amount, 0)
            / nullif(cast(i.quantity * i.unit_price_amount as double), 0) as discount_share
        from {{ ref("fct_order_items") }} i
        join
            (
                select
                    source_system,
                    source_key,
                    customer_id,
                    row_number() over (
                        partition by customer_id order by ordered_at, source_system, source_key
                    ) as purchase_number,
                    count(*) over (partition by customer_id) as purchases
                from {{ ref("fct_orders") }}
                where is_order and ordered_at <= {{ as_of() }}
            ) o
            on o.source_system = i.source_system
            and o.source_key = i.order_key
        where i.product_key is not null
    )
select
    s.source_system,
    s.product_key,
    max(p.product_name) as product_name,
    max(p.category) as category,
    count(distinct s.order_key) as order_count,
    count(distinct s.customer_id) as customer_count,
    cast(sum(s.quantity) filter (s.quantity > 0) as decimal(18, 6)) as sold_units,
    cast({{ known_sum("s.net_amount") }} as decimal(18, 2)) as net_amount,
    cast({{ known_sum("s.margin_amount") }} as decimal(18, 2)) as margin_amount,
    cast(percentile_cont(0.1) within group (order by s.paid_price) as decimal(18, 2)) as p10_price_amount,
    cast(percentile_cont(0.5) within group (order by s.paid_price) as decimal(18, 2)) as p50_price_amount,
    cast(percentile_cont(0.9) within group (order by s.paid_price) as decimal(18, 2)) as p90_price_amount,
    -- of lines that sold something
    avg(case when s.is_discounted then 1.0 else 0.0 end) filter (s.quantity > 0) as discounted_share,
    avg(cast(s.discount_share as decimal(18, 8))) filter (s.is_discounted and s.quantity > 0) as discount_mean_share,
    cast(sum(least(s.refunded_quantity, s.quantity)) filter (s.quantity > 0) as double)
    / nullif(cast(sum(s.quantity) filter (s.quantity > 0) as double), 0) as returned_share,
    count(distinct case when s.refunded_quantity > 0 then s.customer_id end) as returning_customer_count,
    count(distinct case when s.is_discounted then s.customer_id end) as discounted_customer_count,
    count(distinct case when s.purchase_number = 1 then s.customer_id end) as first_buyer_count,
    count(distinct case when s.purchase_number = 1 and s.purchases > 1 then s.customer_id end) as came_back_count,
    '{{ var("currency") }}' as currency
from sold s
left join {{ ref("dim_products") }} p on p.source_system = s.source_system and p.source_key = s.product_key
group by s.source_system, s.product_key
