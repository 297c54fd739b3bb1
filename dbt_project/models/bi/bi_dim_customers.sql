{{ config(materialized="table") }}

{%- set flags = ["is_business", "is_club_member", "has_active_subscription"] %}
{%- set stages = ["lifecycle_stage", "rfm_segment"] %}
{#- column → the columns of the total that its words make up #}
{%- set places = {"country_code": [], "county": ["country_code"], "age_band": ["country_code", "county"]} %}
with
    told as (
        select
            c.customer_key,
            c.country_code,
            c.county,
            t.age_band,
            c.is_business,
            c.is_club_member,
            cast(date_trunc('month', c.first_seen_at) as date) as first_seen_month,
            -- who may not be profiled is in no segment
            case
                when f.customer_id is null then 'not profiled' else coalesce(l.lifecycle_stage, {{ in_no_segment() }})
            end as lifecycle_stage,
            case
                when f.customer_id is null
                then 'not profiled'
                when t.order_count is null
                then {{ in_no_segment() }}
                else coalesce(r.rfm_segment, 'no order')
            end as rfm_segment,
            t.order_count,
            t.revenue_amount,
            t.currency,
            t.has_active_subscription
        from {{ ref("dim_customers") }} c
        join {{ ref("customer_360") }} t using (customer_id)
        left join {{ ref("customer_profile") }} f using (customer_id)
        left join {{ ref("customer_lifecycle") }} l using (customer_id)
        left join {{ ref("customer_rfm") }} r using (customer_id)
    ),
    -- place and age are told of no fewer than min_people alike: a cell of few loses its age before its county, and that
    -- before its country, so that a county that is told has all of its people
    {%- for column, within in places.items() %}
        {{ column }}_told as (
            select
                * exclude (people, {{ column }} {%- if column == "country_code" %}, county {%- endif %}),
                case when {{ is_row_lumped(within, column) }} then {{ lumped() }} else {{ column }} end as {{ column }}
                {%- if column == "country_code" %}
                    , case when {{ is_row_lumped(within, column) }} then {{ lumped() }} else county end as county
                {%- endif %}
            from
                (
                    select *, count(*) over (partition by {{ (within + [column]) | join(", ") }}) as people
                    from {{ loop.previtem[0] ~ "_told" if loop.previtem else "told" }}
                )
        ),
    {%- endfor %}
    -- whoever is in few is told neither by a stage nor by a yes; the metric of active customers reads that stage
    {{ words_of_few("told", flags + stages[:1], last="cast(word as varchar) in ('not profiled', 'active')") }},
    -- hide the segment with the stage: two separate groups would reveal their few common members
    of_told_stage as (select * from told where not {{ is_word_of_few(stages[0]) }}),
    {{ words_of_few("of_told_stage", stages[1:], last="word = 'not profiled'") }}
select
    customer_key,
    country_code,
    county,
    age_band,
    {% for flag in flags[:2] -%}
        case when not {{ is_word_of_few(flag) }} then {{ flag }} end as {{ flag }},
    {% endfor -%}
    first_seen_month,
    case when {{ is_word_of_few(stages[0]) }} then {{ lumped() }} else {{ stages[0] }} end as {{ stages[0] }},
    case
        when {{ is_word_of_few(stages[0]) }} or {{ is_word_of_few(stages[1]) }} then {{ lumped() }} else {{ stages[1] }}
    end as {{ stages[1] }},
    order_count,
    revenue_amount,
    currency,
    case when not {{ is_word_of_few(flags[2]) }} then {{ flags[2] }} end as {{ flags[2] }}
from age_band_told
