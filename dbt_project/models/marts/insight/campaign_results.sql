{%- set outcomes = campaign_outcomes() %}
with
    {{ campaign_arms() }},
    lots as (
        select
            source_system,
            campaign_key,
            lot_on,
            min(lot_at) as lot_at,
            min(lot_at) <= {{ as_of() }} - {{ days(var("insight")["response_days"]) }} as is_final,
            count(*) filter (where not is_held_out) as sent,
            count(*) filter (where is_held_out) as held_out
            {%- for outcome in outcomes %}
                ,
                coalesce(sum({{ outcome }}) filter (where not is_held_out), 0) as sent_{{ outcome }},
                coalesce(sum({{ outcome }}) filter (where is_held_out), 0) as held_out_{{ outcome }}
            {%- endfor %}
        from arms
        group by source_system, campaign_key, lot_on
    ),
    -- each lot by its campaign, and with all others
    told as (
        select 'campaign' as breakdown, coalesce({{ unless_blank("c.name") }}, l.campaign_key) as value, l.*
        from lots l
        left join
            {{ ref("conformed_campaigns") }} c
            on c.source_system = l.source_system
            and c.source_key = l.campaign_key
            and c.deleted_at is null
        union all
        select 'channel', 'email', l.*
        from lots l
    ),
    counted as (
        {%- for outcome in outcomes %}
            select
                breakdown,
                value,
                '{{ outcome }}' as outcome,
                cast(min(lot_at) as date) as first_sent_on,
                cast(max(lot_at) as date) as last_sent_on,
                count(*) as lot_count,
                sum(sent) as sent_count,
                sum(sent_{{ outcome }}) as responded_count,
                max(held_out) > 0 as has_hold_out
            from told
            group by breakdown, value {{ " union all " if not loop.last }}
        {%- endfor %}
    ),
    measured as (
        {%- for outcome in outcomes %}
            select
                breakdown,
                value,
                '{{ outcome }}' as outcome,
                source_system,
                campaign_key,
                lot_on,
                sent,
                held_out,
                sent_{{ outcome }} as sent_responded,
                held_out_{{ outcome }} as held_out_responded,
                sent_{{ outcome }} / cast(sent as double) as sent_rate,
                held_out_{{ outcome }} / cast(held_out as double) as held_out_rate,
                (sent_{{ outcome }} + held_out_{{ outcome }}) / cast(sent + held_out as double) as rate,
                -- each lot is compared within itself, and weighs by what its arms tell together
                (sent * held_out / cast(sent + held_out as double))
                / sum(sent * held_out / cast(sent + held_out as double)) over (partition by breakdown, value) as weight
            from told
            where is_final and sent > 0 and held_out > 0 {{ " union all " if not loop.last }}
        {%- endfor %}
    ),
    deviations as (
        select
            l.breakdown,
            l.value,
            l.outcome,
            a.customer_id,
            l.weight * case
                when a.is_held_out
                then (l.held_out_rate - {{ response_to("l.outcome", "a") }}) / l.held_out
                else ({{ response_to("l.outcome", "a") }} - l.sent_rate) / l.sent
            end as deviation
        from measured l
        join arms a on a.source_system = l.source_system and a.campaign_key = l.campaign_key and a.lot_on = l.lot_on
    ),
    -- a customer's rows in several lots are one person: by how much sums of customers vary more than rows do
    widths as (
        select
            breakdown,
            value,
            outcome,
            case
                when sum(alone) > 0
                then greatest(1, sum(whole * whole) / sum(alone))
                -- nobody differs from anybody: a customer may be the same in all lots
                else sum(lots * lots) / cast(sum(lots) as double)
            end as times
        from
            (
                select
                    breakdown,
                    value,
                    outcome,
                    customer_id,
                    count(*) as lots,
                    sum(deviation) as whole,
                    sum(deviation * deviation) as alone
                from deviations
                group by breakdown, value, outcome, customer_id
            ) c
        group by breakdown, value, outcome
    ),
    lifted as (
        select
            breakdown,
            value,
            outcome,
            count(*) as lots,
            sum(sent) as sent,
            sum(sent_responded) as sent_responded,
            sum(held_out) as held_out,
            sum(held_out_responded) as held_out_responded,
            sum(weight * sent_rate) as sent_rate,
            sum(weight * held_out_rate) as held_out_rate,
            -- of how many customers the rates of all lots are worth
            1 / sum(weight * weight / cast(sent as double)) as sent_people,
            1 / sum(weight * weight / cast(held_out as double)) as held_out_people,
            sum(
                weight
                * weight
                * rate
                * (1 - rate)
                * (sent + held_out)
                / cast(sent + held_out - 1 as double)
                * (1 / cast(sent as double) + 1 / cast(held_out as double))
            ) as spread
        from measured
        group by breakdown, value, outcome
    ),
    rated as (
        select
            l.*,
            w.times,
            {%- for arm in ["sent", "held_out"] %}
                {%- for end, way in [("below", "-"), ("above", "+")] %}
                    power(
                        l.{{ arm }}_rate
                        - {{ end_of_rate("l." ~ arm ~ "_rate", "(l." ~ arm ~ "_people / w.times)", way) }},
                        2
                    ) as {{ arm }}_{{ end }},
                {%- endfor %}
            {%- endfor %}
            l.sent_rate - l.held_out_rate as lift
        from lifted l
        join widths w on w.breakdown = l.breakdown and w.value = l.value and w.outcome = l.outcome
    ),
    results as (
        select
            c.*,
            coalesce(r.lots, 0) as measured_lot_count,
            coalesce(r.sent, 0) as measured_sent_count,
            coalesce(r.sent_responded, 0) as measured_responded_count,
            coalesce(r.held_out, 0) as held_out_count,
            coalesce(r.held_out_responded, 0) as held_out_responded_count,
            -- sums of fractions differ in their last digits by the order of the rows: a rebuild must not
            {%- for column, fraction in [
                ("sent_rate", "r.sent_rate"),
                ("held_out_rate", "r.held_out_rate"),
                ("lift", "r.lift"),
                ("lift_low", "r.lift - sqrt(r.sent_below + r.held_out_above)"),
                ("lift_high", "r.lift + sqrt(r.sent_above + r.held_out_below)"),
                ("minimum_detectable_effect", z_of_detection() ~ " * sqrt(r.times * nullif(r.spread, 0))"),
            ] %}
                round({{ fraction }}, 9) as {{ column }} {{ "," if not loop.last }}
            {%- endfor %}
        from counted c
        left join rated r on r.breakdown = c.breakdown and r.value = c.value and r.outcome = c.outcome
    )
select
    breakdown,
    value,
    outcome,
    first_sent_on,
    last_sent_on,
    lot_count,
    cast(sent_count as bigint) as sent_count,
    cast(responded_count as bigint) as responded_count,
    responded_count / nullif(cast(sent_count as double), 0) as response_share,
    measured_lot_count,
    cast(measured_sent_count as bigint) as measured_sent_count,
    cast(measured_responded_count as bigint) as measured_responded_count,
    cast(held_out_count as bigint) as held_out_count,
    cast(held_out_responded_count as bigint) as held_out_responded_count,
    sent_rate as measured_response_share,
    held_out_rate as held_out_response_share,
    lift,
    lift_low,
    lift_high,
    {%- for end in ["", "_low", "_high"] %}
        lift{{ end }} * measured_sent_count as caused_responses{{ end }},
    {%- endfor %}
    minimum_detectable_effect,
    {{ verdict_of_lift() }} as verdict
from results
