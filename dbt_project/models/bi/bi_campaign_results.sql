{{ config(materialized="table") }}

{#- who responded and who did not, of each arm and beside it: what is shown of a row tells all of them -#}
{%- set cells = [
    "responded_count",
    "sent_count - responded_count",
    "measured_responded_count",
    "measured_sent_count - measured_responded_count",
    "held_out_responded_count",
    "held_out_count - held_out_responded_count",
    "responded_count - measured_responded_count",
    "sent_count - measured_sent_count",
    "sent_count - measured_sent_count - (responded_count - measured_responded_count)",
] %}
{#- one outcome less the other -#}
{%- set between = ["responded", "measured_responded", "held_out_responded"] %}
with
    paired as (
        select
            *,
            case
                when lift is not null
                then
                    least(
                        measured_responded_count,
                        measured_sent_count - measured_responded_count,
                        held_out_responded_count,
                        held_out_count - held_out_responded_count
                    )
            end as fewest_count
            {%- for part in between %}
                ,
                max({{ part }}_count) over (partition by breakdown, value)
                - min({{ part }}_count) over (partition by breakdown, value) as {{ part }}_apart
            {%- endfor %}
        from {{ ref("campaign_results") }}
    ),
    judged as (
        select
            *,
            (
                {%- for cell in cells %}{{ is_few(cell) }} or {% endfor %}
                -- of the two the one is left out that fewer ask for
                outcome = 'conversion'
                and ({% for part in between %}{{ is_few(part ~ "_apart") }}{{ " or " if not loop.last }}{% endfor %})
            ) as is_of_few
        from paired
    ),
    -- by the shares of all campaigns: what an arm may tell is a matter of its size
    sized as (
        select
            *
            {%- for arm, part in {
                "sent": "responded",
                "measured_sent": "measured_responded",
                "held_out": "held_out_responded",
            }.items() %}
                ,
                sum({{ part }}_count) filter (breakdown = 'campaign') over (partition by outcome) / cast(
                    nullif(
                        sum({{ arm }}_count) filter (breakdown = 'campaign') over (partition by outcome), 0
                    ) as double
                ) as {{ arm }}_share
            {%- endfor %}
        from judged
    ),
    large as (
        select
            *,
            breakdown = 'campaign'
            and {{ is_large_enough("sent_count", "sent_share") }}
            and (
                lift is null
                or (
                    {{ is_large_enough("measured_sent_count", "measured_sent_share") }}
                    and {{ is_large_enough("held_out_count", "held_out_share") }}
                )
            ) as is_large
        from sized
    ),
    -- in small hold-outs those campaigns may be told of whose hold-out bought much: they would all seem to do harm
    fair as (
        select
            *,
            is_large
            and not coalesce(is_of_few, false)
            and {{
                is_fair_sample(
                    "not coalesce(is_of_few, false)", "is_large", over="over (partition by outcome, lift is null)"
                )
            }} as is_alone
        from large
    ),
    {%- set left = "case when breakdown = 'campaign' and not is_alone then " %}
    summed as (
        select
            *
            {%- for cell in cells + ["responded_apart", "measured_responded_apart", "held_out_responded_apart"] %}
                , coalesce(sum({{ left }}{{ cell }} end) over (partition by outcome), 0) as left_{{ loop.index }}
            {%- endfor %}
        from fair
    ),
    -- all together come first: where all less those that are told alone were of few, none is told alone
    marked as (
        select
            *,
            case
                when breakdown = 'channel'
                then is_of_few
                else
                    not is_alone
                    or {% for _ in cells + between %}
                        {{ is_few("left_" ~ loop.index) }}{{ " or " if not loop.last }}
                    {% endfor %}
            end as is_hidden
        from summed
    )
-- campaigns whose names are shown as the same are one row, without figures
select
    f.breakdown,
    {{ shown("value") }} as value,
    f.outcome,
    min(f.first_sent_on) as first_sent_on,
    max(f.last_sent_on) as last_sent_on,
    cast(sum(f.lot_count) as bigint) as lot_count,
    cast(sum(f.measured_lot_count) as bigint) as measured_lot_count,
    {%- for column in [
        "sent_count",
        "response_share",
        "measured_sent_count",
        "held_out_count",
        "fewest_count",
        "measured_response_share",
        "held_out_response_share",
        "lift",
        "lift_low",
        "lift_high",
        "caused_responses",
        "caused_responses_low",
        "caused_responses_high",
        "minimum_detectable_effect",
    ] %}
        case when count(*) = 1 and not bool_or(f.is_hidden) then max(f.{{ column }}) end as {{ column }},
    {%- endfor %}
    case
        when count(*) > 1 or (bool_or(f.is_hidden) and max(f.lift) is not null)
        then
            'not shown: too few people' || case
                when f.breakdown = 'campaign' then ' in it or in too many campaigns, see email for all together' else ''
            end
        else max(f.verdict)
    end as verdict
from marked f {{ joined_shown(["value"]) }}
group by 1, 2, 3
