with
    -- what hold-outs measured of all campaigns by email; told where of each arm enough bought and did not
    measured as (
        select
            'email' as channel,
            case
                when fewest_count >= {{ k }}
                then
                    printf(
                        '%d to %d',
                        cast(round(caused_responses_low / 10) * 10 as bigint),
                        cast(round(caused_responses_high / 10) * 10 as bigint)
                    )
                -- of arms of enough: what nobody did is told of all of them
                when
                    measured_response_share = 0
                    and held_out_response_share = 0
                    and least(measured_sent_count, held_out_count) >= {{ k }}
                then 'measured: nobody responded in either arm'
                when measured_lot_count > 0
                then 'measured, of too few people to be shown'
            end as caused
        from bi.campaign_results
        where breakdown = 'channel' and outcome = 'conversion'
    ),
    told as (
        select
            a.channel,
            -- of the whole channel, less what bi may have rounded it up by
            greatest(max(a.customer_count), max(a.channel_customer_count) - {{ rounded_by }}) as people,
            -- a channel that money was spent on and that no known visit came by
            count(*) = count(*) filter (where a.customer_count = 0 and a.credited_conversions = 0) as is_of_nobody,
            sum(a.credited_conversions) filter (where a.model = 'first') as first_count,
            sum(a.credited_conversions) filter (where a.model = 'last') as last_count,
            sum(a.credited_conversions) filter (where a.model = 'linear') as linear_count,
            sum(a.credited_conversions) filter (where a.model = 'markov') as markov_count,
            coalesce(max(m.caused), 'not measured') as by_hold_out,
            sum(a.spend_amount) filter (where a.model = 'markov') as spend_amount,
            -- what was spent is of nobody
            0 as spend_amount_largest,
            -- of the exact credit, unless that of a campaign is of few
            case
                when
                    count(*) filter (where a.model = 'markov')
                    = count(a.credited_conversions) filter (where a.model = 'markov')
                then
                    sum(a.spend_amount) filter (where a.model = 'markov')
                    / nullif(sum(a.credited_conversions) filter (where a.model = 'markov'), 0)
            end as cost_of_each_amount,
            0 as cost_of_each_amount_largest,
            -- few purchases are of few people, and spend and cost together tell how many they are
            sum(a.credited_conversions) filter (where a.model = 'markov') as cost_of_each_amount_people
        from bi.attribution a
        left join measured m on m.channel = a.channel
        group by a.channel
    )
-- in two digits: what was spent is told exactly, and would tell the exact credit with an exact cost
select
    * replace (
        case
            when cost_of_each_amount > 0
            then round(cost_of_each_amount, cast(1 - floor(log10(cost_of_each_amount)) as integer))
        end as cost_of_each_amount
    )
from told
