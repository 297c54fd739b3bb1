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
            bool_or(f.is_lumped) or count(*) > 1 as is_several,
            sum(f.buyer_count) = 0 or bool_or(f.buyer_count >= {{ var("min_people") }}) as is_of_enough
        from marked f {{ joined_shown(["channel", "campaign"]) }}
        group by 1, 2, 3
    )
select
    t.model,
    t.channel,
    t.campaign,
    t.is_direct,
    cast(t.customer_count as bigint) as customer_count,
    cast(case when t.is_of_enough then t.conversions end as decimal(18, 2)) as credited_conversions,
    cast(case when t.is_of_enough then t.net end as decimal(18, 2)) as net_amount,
    cast(t.spend as decimal(18, 2)) as spend_amount,
    cast(
        case when t.is_of_enough then t.spend / nullif(t.conversions, 0) end as decimal(18, 2)
    ) as cost_per_conversion_amount,
    case when t.is_of_enough then cast(t.net as double) / nullif(cast(t.spend as double), 0) end as return_on_spend,
    m.caused_responses as caused_conversions,
    m.caused_responses_low as caused_conversions_low,
    m.caused_responses_high as caused_conversions_high,
    case
        when t.is_several then 'not shown: several together' else coalesce(m.verdict, {{ never_held_out() }})
    end as verdict,
    '{{ var("currency") }}' as currency
from told t
left join
    {{ ref("bi_campaign_results") }} m
    on m.breakdown = 'campaign'
    and m.value = t.campaign
    and m.outcome = 'conversion'
    and t.channel = 'email'
    and not t.is_several
