with
    orders as (
        select
            row_number() over each_order as order_number,
            ordered_at,
            lead(ordered_at) over each_order as next_ordered_at
        from {{ ref("fct_orders") }}
        where is_order and customer_id is not null and ordered_at <= {{ as_of() }}
        window each_order as (partition by customer_id order by ordered_at, source_system, source_key)
    ),
    intervals as (
        select order_number, {{ seconds_between("ordered_at", "next_ordered_at") }} / cast(86400 as double) as days
        from orders
        where order_number <= {{ var("insight")["most_order_numbers"] }}
    )
select
    order_number,
    count(*) as customer_count,
    count(days) as next_order_count,
    {%- for percent in [10, 25, 50, 75, 90] %}
        cast(percentile_cont({{ percent / 100 }}) within group (order by days) as double) as p{{ percent }}_days,
    {%- endfor %}
    -- of decimals: doubles add up to another sum in another order
    avg(cast(days as decimal(18, 6))) as mean_days
from intervals
group by order_number
