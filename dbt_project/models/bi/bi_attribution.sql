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
            ) over (partition by channel, campaign) as people,
            min(buyer_count) over (partition by channel, campaign) as least_buyer_count,
            max(buyer_count) over (partition by channel, campaign) as most_buyer_count
        from {{ ref("attribution") }}
    ),
    -- few of a channel's campaigns go together in the channel: its rows then add up to what it is credited with
    of_channels as (
        select
            *, {{ is_lumped(["model", "channel"], ["campaign"], last="least_buyer_count = 0") }} as is_lumped_in_channel
        from cells
    ),
    channels as (
        select
            model,
            channel,
            case
                when not bool_or(is_lumped_in_channel)
                then max(people)
                -- somebody may be in several of the campaigns: one of them must be of enough, and so must who came by
                -- others
                when
                    not {{ is_few("coalesce(max(mixed_buyer_count) filter (is_lumped_in_channel), 0)") }}
                    and max(people) filter (is_lumped_in_channel) >= {{ var("min_people") }}
                    and (
                        max(least_buyer_count) filter (is_lumped_in_channel) >= {{ var("min_people") }}
                        or max(most_buyer_count) filter (is_lumped_in_channel) = 0
                    )
                then max(people) filter (is_lumped_in_channel)
                else 1
            end as people,
            max(least_buyer_count) = 0 as is_last
        from of_channels
        group by 1, 2
    ),
    -- a channel of few goes with others as a whole
    marked as (
        select c.*, h.is_lumped
        from of_channels c
        join
            (
                select model, channel, {{ is_lumped(["model"], ["channel"], last="is_last") }} as is_lumped
                from channels
            ) h
            on h.model = c.model
            and h.channel = c.channel
    ),
    named as (
        select
            f.*,
            case when f.is_lumped then {{ lumped() }} else {{ shown("channel") }} end as told_channel,
            case
                when f.is_lumped or f.is_lumped_in_channel then {{ lumped() }} else {{ shown("campaign") }}
            end as told_campaign
        from marked f {{ joined_shown(["channel", "campaign"]) }}
    ),
    -- somebody may be in several campaigns that are told as one
    counted as (
        select
            n.told_channel,
            n.told_campaign,
            count(distinct p.customer_id) as customers,
            grouping(n.told_campaign) = 1 as is_of_channel
        from {{ ref("attribution_paths") }} p
        join
            (select distinct channel, campaign, told_channel, told_campaign from named) n
            on n.channel = p.channel
            and n.campaign = p.campaign
        group by grouping sets ((n.told_channel, n.told_campaign), (n.told_channel))
    ),
    told as (
        select
            model,
            told_channel as channel,
            told_campaign as campaign,
            bool_and(is_direct) as is_direct,
            sum(credited_conversions) as conversions,
            sum(net_amount) as net,
            sum(spend_amount) as spend,
            bool_or(is_lumped or is_lumped_in_channel) or count(*) > 1 as is_several,
            sum(buyer_count) = 0 or bool_or(buyer_count >= {{ var("min_people") }}) as is_of_enough
        from named
        group by 1, 2, 3
    )
select
    t.model,
    t.channel,
    t.campaign,
    t.is_direct,
    cast({{ unless_few("coalesce(c.customers, 0)") }} as bigint) as customer_count,
    {{ rounded("coalesce(h.customers, 0)") }} as channel_customer_count,
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
left join counted c on not c.is_of_channel and c.told_channel = t.channel and c.told_campaign = t.campaign
left join counted h on h.is_of_channel and h.told_channel = t.channel
left join
    {{ ref("bi_campaign_results") }} m
    on m.breakdown = 'campaign'
    and m.value = t.campaign
    and m.outcome = 'conversion'
    and t.channel = 'email'
    and not t.is_several
