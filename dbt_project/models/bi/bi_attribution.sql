with
    cells as (select *, customer_count as people from {{ ref("attribution") }}),
    marked as (select *, {{ is_lumped(["model"], ["channel", "campaign"]) }} as is_lumped from cells),
    told as (
        select
            f.model,
            case when f.is_lumped then {{ lumped() }} else {{ shown("channel") }} end as channel,
            case when f.is_lumped then {{ lumped() }} else {{ shown("campaign") }} end as campaign,
            bool_and(f.is_direct) as is_direct,
            case when not bool_or(f.is_lumped) then sum(f.people) end as customer_count,
            sum(f.credited_conversions) as conversions,
            sum(f.net_amount) as net,
            sum(f.spend_amount) as spend,
            bool_or(not {{ is_few("f.people") }}) as is_of_enough
        from marked f {{ joined_shown(["channel", "campaign"]) }}
        group by 1, 2, 3
    )
select
    model,
    channel,
    campaign,
    is_direct,
    cast(customer_count as bigint) as customer_count,
    cast(case when is_of_enough then conversions end as decimal(18, 2)) as credited_conversions,
    cast(case when is_of_enough then net end as decimal(18, 2)) as net_amount,
    cast(spend as decimal(18, 2)) as spend_amount,
    cast(
        case when is_of_enough then spend / nullif(conversions, 0) end as decimal(18, 2)
    ) as cost_per_conversion_amount,
    case when is_of_enough then cast(net as double) / nullif(cast(spend as double), 0) end as return_on_spend,
    '{{ var("currency") }}' as currency
from told
