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
    {%- set hidden = "case when breakdown = 'campaign' and is_of_few then " %}
    summed as (
        select
            *
            {%- for cell in cells + ["responded_apart", "measured_responded_apart", "held_out_responded_apart"] %}
                , coalesce(sum({{ hidden }}{{ cell }} end) over (partition by outcome), 0) as hidden_{{ loop.index }}
            {%- endfor %}
        from judged
    ),
    marked as (
        select
            *,
            is_of_few
            or (
                -- all campaigns less those that are shown
                breakdown = 'channel'
                and (
                    {% for _ in cells + between %}
                        {{ is_few("hidden_" ~ loop.index) }}{{ " or " if not loop.last }}
                    {% endfor %}
                )
            ) as is_hidden
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
    {%- for column in [
        "sent_count",
        "response_share",
        "measured_lot_count",
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
        then 'not shown: too few people'
        else max(f.verdict)
    end as verdict
from marked f {{ joined_shown(["value"]) }}
group by 1, 2, 3
