with
    -- revenue is of those who bought, and the count of those who were touched
    cells as (
        select
            *,
            -- by the model where they are the fewest: what goes with others in one model does in all, or none could be
            -- compared
            min(
                case
                    -- one model less another tells of those who came by several channels
                    when {{ is_few("mixed_buyer_count") }}
                    then mixed_buyer_count
                    when {{ is_few("buyer_count") }}
                    then buyer_count
                    when {{ is_few("customer_count") }} or buyer_count = 0
                    then customer_count
                    else buyer_count
                end
            ) over (partition by channel, campaign) as people
        from {{ ref("attribution") }}
    ),
    marked as (
        select *, {{ is_lumped(["model"], ["channel", "campaign"], last="buyer_count = 0") }} as is_lumped from cells
    ),
    told as (
        select
            f.model,
            case when f.is_lumped then {{ lumped() }} else {{ shown("channel") }} end as channel,
            case when f.is_lumped then {{ lumped() }} else {{ shown("campaign") }} end as campaign,
            bool_and(f.is_direct) as is_direct,
            case when not bool_or(f.is_lumped) then sum(f.customer_count) end as customer_count,
            sum(f.credited_conversions) as conversions,
            sum(f.net_amount) as net,
            sum(f.spend_amount) as spend,
            sum(f.buyer_count) = 0 or bool_or(f.buyer_count >= {{ var("min_people") }}) as is_of_enough
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
