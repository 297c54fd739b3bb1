with
    -- an order of nobody known is a part of its own, and no customer
    parts as (
        select
            cast(date_trunc('month', ordered_at) as date) as sales_month,
            coalesce(channel, 'unknown') as channel,
            customer_id,
            count(*) filter (is_order) as orders,
            sum(net_amount) as net,
            bool_and(net_amount is not null) as is_known
        from {{ ref("fct_orders") }}
        where is_order or net_amount <> 0
        group by 1, 2, 3, case when customer_id is null then source_system || '|' || source_key end
    ),
    cells as (
        select
            sales_month,
            channel,
            greatest(count(customer_id), 1) as people,
            sum(orders) as orders,
            sum(net) as net,
            max(abs(net)) as largest,
            bool_and(is_known) as is_known
        from parts
        group by 1, 2
    ),
    marked as (select *, {{ is_lumped(["sales_month"], ["channel"]) }} as is_lumped from cells),
    told as (
        select
            sales_month,
            case when is_lumped then {{ lumped() }} else {{ shown("channel") }} end as channel,
            case when not bool_or(is_lumped) then sum(people) end as people,
            sum(orders) as orders,
            sum(net) as net,
            -- of several channels one customer may have a part in each
            sum(largest) as largest,
            bool_and(is_known) as is_known,
            bool_or(not {{ is_few("people") }}) as is_of_enough
        from marked f {{ joined_shown(["channel"]) }}
        group by 1, 2
    )
select
    sales_month,
    channel,
    case when is_of_enough then {{ rounded("people") }} end as customer_count,
    case when is_of_enough then {{ rounded("orders") }} end as order_count,
    case when is_of_enough and is_known then {{ rounded_amount("net", "largest") }} end as net_amount,
    '{{ var("currency") }}' as currency
from told
