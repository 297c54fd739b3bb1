{{ config(materialized="table") }}

{%- set parts = [
    "ordered",
    "visited",
    "clicked",
    "used",
    "whole_record",
    "contactable",
    "reading",
    "known_interest",
    "nps",
] %}
with
    -- a store or segment of few customers goes with others into one
    sizes as (select breakdown, value, sum(customer_count) as people from {{ ref("experience_matrix") }} group by 1, 2),
    named as (
        select
            breakdown,
            value,
            case when {{ is_lumped(["breakdown"], ["value"]) }} then {{ lumped() }} else value end as name
        from sizes
    ),
    cells as (
        select
            m.breakdown,
            n.name as value,
            m.interaction_level,
            m.data_use_level,
            count(*) as cells,
            {%- for part in parts %} sum(m.{{ part }}_count) as {{ part }}_count, {%- endfor %}
            max(m.next_interaction_step) as next_interaction_step,
            max(m.next_interaction_count) as next_interaction_count,
            max(m.next_data_use_step) as next_data_use_step,
            max(m.next_data_use_count) as next_data_use_count,
            max(m.mean_nps) as mean_nps,
            max(m.mean_net_amount) as mean_net_amount,
            max(m.currency) as currency,
            sum(m.customer_count) as people
        from {{ ref("experience_matrix") }} m
        join named n on n.breakdown = m.breakdown and n.value = m.value
        group by 1, 2, 3, 4
    ),
    marked as (
        select *, {{ is_lumped(["breakdown", "value"], ["interaction_level", "data_use_level"]) }} as is_lumped
        from cells
    ),
    told as (
        select
            breakdown,
            value,
            case when is_lumped then {{ lumped() }} else interaction_level end as interaction_level,
            case when is_lumped then {{ lumped() }} else data_use_level end as data_use_level,
            sum(cells) = 1 and not bool_or(is_lumped) as is_one,
            {%- for part in parts %} sum({{ part }}_count) as {{ part }}_count, {%- endfor %}
            max(next_interaction_step) as next_interaction_step,
            max(next_interaction_count) as next_interaction_count,
            max(next_data_use_step) as next_data_use_step,
            max(next_data_use_count) as next_data_use_count,
            max(mean_nps) as mean_nps,
            max(mean_net_amount) as mean_net_amount,
            max(currency) as currency,
            sum(people) as people
        from marked
        group by 1, 2, 3, 4
    )
-- rounded: a cell of all less those of the segments or stores would tell of few
select
    breakdown,
    value,
    interaction_level,
    data_use_level,
    {{ rounded("people") }} as customer_count,
    {{ share_unless_few("people", "sum(people) over (partition by breakdown, value)") }} as customer_share,
    {%- for part in parts %} {{ rounded(part ~ "_count") }} as {{ part }}_count, {%- endfor %}
    {%- for axis in ["interaction", "data_use"] %}
        {%- set enough = "is_one and next_" ~ axis ~ "_count >= " ~ var("min_people") %}
        case when {{ enough }} then next_{{ axis }}_step end as next_{{ axis }}_step,
        case when {{ enough }} then {{ rounded("next_" ~ axis ~ "_count") }} end as next_{{ axis }}_count,
    {%- endfor %}
    case when is_one and nps_count >= {{ var("min_people") }} then round(mean_nps, 1) end as mean_nps,
    case
        when is_one and people >= {{ var("min_people") }} then cast(round(mean_net_amount, -1) as decimal(18, 2))
    end as mean_net_amount,
    currency
from told
