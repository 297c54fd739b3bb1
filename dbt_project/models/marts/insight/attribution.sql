{%- set by_touch = attribution_models() | reject("equalto", "markov") | list %}
with
    {{ weighted_touches() }},
    touched as (
        select
            channel,
            campaign,
            bool_or(is_direct) as is_direct,
            count(distinct customer_id) as customers,
            count(touched_at) as touches,
            count(*) as touched_parts,
            count(*) filter (where is_converted) as bought_parts,
            count(*) filter (where is_converted and touched_at is null) as untracked_conversions,
            coalesce(
                sum(cast(net_amount as double)) filter (where is_converted and touched_at is null), 0
            ) as untracked_net,
            count(distinct case when is_converted and is_mixed then customer_id end) as mixed_buyers,
            count(
                distinct case when is_converted and net_amount is null then order_system || ':' || order_key end
            ) as unpriced
            {%- for model in by_touch %}
                ,
                coalesce(sum({{ model }}) filter (is_converted), 0) as {{ model }}_conversions,
                coalesce(sum({{ model }} * cast(net_amount as double)) filter (is_converted), 0) as {{ model }}_net,
                count(distinct case when is_converted and {{ model }} > 0 then customer_id end) as {{ model }}_buyers
            {%- endfor %}
        from weighted
        group by channel, campaign
    ),
    totals as (
        select
            count(*) as conversions,
            cast(coalesce(sum(net_amount), 0) as decimal(18, 2)) as net,
            count(touched_at) as tracked_conversions,
            cast(coalesce(sum(net_amount) filter (where touched_at is not null), 0) as double) as tracked_net
        from {{ ref("attribution_paths") }}
        where is_converted and touch_number = 1
    ),
    -- the chain knows channels: what it credits to one goes to its campaigns by their touches on the way to a purchase.
    -- Where it credits a channel that was on no such way, each touch counts
    chained as (
        select
            t.channel,
            t.campaign,
            r.credit_share * case
                when sum(t.bought_parts) over (partition by r.state) > 0
                then t.bought_parts / sum(t.bought_parts) over (partition by r.state)
                else t.touched_parts / sum(t.touched_parts) over (partition by r.state)
            end as credit_share
        from touched t
        join {{ ref("attribution_removal") }} r on r.channel = t.channel
        where t.touches > 0
    ),
    credits as (
        {%- for model in by_touch %}
            select
                '{{ model }}' as model,
                channel,
                campaign,
                {{ model }}_conversions as conversions,
                {{ model }}_net as net,
                {{ model }}_buyers as buyers
            from touched
            union all
        {%- endfor %}
        select
            'markov',
            t.channel,
            t.campaign,
            t.untracked_conversions + n.tracked_conversions * coalesce(c.credit_share, 0),
            t.untracked_net + n.tracked_net * coalesce(c.credit_share, 0),
            -- the credit is of every purchase that came by there
            t.linear_buyers
        from touched t
        left join chained c on c.channel = t.channel and c.campaign = t.campaign
        cross join totals n
    ),
    {{ spent_on_ads() }},
    -- what was spent on and touched nobody is told with every model
    credited as (
        select model, channel, campaign, coalesce(conversions, 0) as conversions, coalesce(net, 0) as net, buyers
        from credits
        union all
        select m.model, s.channel, s.campaign, 0, 0, 0
        from spent s
        cross join
            (
                {% for model in attribution_models() %}
                    select '{{ model }}' as model{{ " union all " if not loop.last }}
                {% endfor %}
            ) m
        where (s.channel, s.campaign) not in (select (channel, campaign) from touched)
    ),
    rounded as (
        select
            c.model,
            c.channel,
            c.campaign,
            c.buyers,
            {{ to_the_cent("c.conversions", "n.conversions", "c.model", ["c.channel", "c.campaign"]) }}
            as credited_conversions,
            {{ to_the_cent("c.net", "n.net", "c.model", ["c.channel", "c.campaign"]) }} as net_amount
        from credited c
        cross join totals n
    )
select
    r.model,
    r.channel,
    r.campaign,
    coalesce(t.is_direct, false) as is_direct,
    coalesce(t.customers, 0) as customer_count,
    coalesce(t.touches, 0) as touch_count,
    r.buyers as buyer_count,
    coalesce(t.mixed_buyers, 0) as mixed_buyer_count,
    r.credited_conversions,
    r.net_amount,
    coalesce(t.unpriced, 0) as unpriced_order_count,
    cast(s.spend_amount as decimal(18, 2)) as spend_amount,
    cast(s.spend_amount / nullif(r.credited_conversions, 0) as decimal(18, 2)) as cost_per_conversion_amount,
    cast(r.net_amount as double) / nullif(cast(s.spend_amount as double), 0) as return_on_spend,
    -- beside what a model credits, what a hold-out measured: the same for every model
    m.caused_responses as caused_conversions,
    m.caused_responses_low as caused_conversions_low,
    m.caused_responses_high as caused_conversions_high,
    coalesce(m.verdict, {{ never_held_out() }}) as verdict,
    '{{ var("currency") }}' as currency
from rounded r
left join touched t on t.channel = r.channel and t.campaign = r.campaign
left join
    {{ ref("campaign_results") }} m
    on m.breakdown = 'campaign'
    and m.value = r.campaign
    and m.outcome = 'conversion'
    and r.channel = 'email'
left join spent s on s.channel = r.channel and s.campaign = r.campaign
