{#- Models of attribution, in the order in which they are told. -#}
{% macro attribution_models() -%}
    {{ return(["first", "last", "last_non_direct", "linear", "position_based", "time_decay", "shapley", "markov"]) }}
{%- endmacro %}

{#- SQL: the state of the Markov chain that a channel is, by its place among the most frequent. -#}
{% macro markov_state(place, channel) -%}
    case when {{ place }} <= {{ var("insight")["most_channels"] }} then {{ channel }} else '(other channels)' end
{%- endmacro %}

{#-
    SQL on cells of a model, each with its exact part of a total: the part in hundredths, so that all parts add up to the total.
    Whatever is lost in rounding down goes to the largest remainders, one hundredth each.
-#}
{% macro to_the_cent(part, total, of, cell) -%}
    {%- set hundredths = "round(cast(" ~ part ~ " as double) * 100, 6)" -%}
    cast(
        (
            cast(floor({{ hundredths }}) as decimal(28, 0)) + case
                when
                    row_number() over (
                        partition by {{ of }}
                        order by {{ hundredths }} - floor({{ hundredths }}) desc, {{ cell | join(", ") }}
                    )
                    <= cast({{ total }} * 100 as decimal(28, 0))
                    - sum(cast(floor({{ hundredths }}) as decimal(28, 0))) over (partition by {{ of }})
                then 1
                else 0
            end
        )
        / 100 as decimal(18, 2)
    )
{%- endmacro %}

{#- SQL: what a relation of attribution says of each channel and campaign where its models differ the most. -#}
{% macro attribution_spread(relation) -%}
    select
        channel,
        campaign,
        -- all that say so: one of several alike would look like the only one
        string_agg(model, ', ' order by model) filter (
            where credited_conversions = least and least < most
        ) as least_model,
        any_value(least) as least_conversions,
        string_agg(model, ', ' order by model) filter (
            where credited_conversions = most and least < most
        ) as most_model,
        any_value(most) as most_conversions,
        cast(any_value(most) - any_value(least) as decimal(18, 2)) as spread_conversions,
        cast(any_value(most) - any_value(least) as double) / nullif(cast(max(conversions) as double), 0) as spread_share
    from
        (
            select
                *,
                sum(credited_conversions) over (partition by model) as conversions,
                min(credited_conversions) over (partition by channel, campaign) as least,
                max(credited_conversions) over (partition by channel, campaign) as most
            from {{ relation }}
        ) a
    group by channel, campaign
{%- endmacro %}

{#- CTEs on attribution_paths: `weighted` has for each touch the weight of every model but markov; those of a path add up to 1. -#}
{% macro weighted_touches() -%}
    {%- set insight = var("insight") %}
    {%- set path = "partition by customer_id, path_number" %}
    placed as (
        select
            *,
            max(case when not is_direct then touch_number end) over ({{ path }}) as last_non_direct_number,
            power(
                cast(0.5 as double),
                {{ seconds_between("touched_at", "max(touched_at) over (" ~ path ~ ")") }}
                / cast({{ insight["half_life_days"] * 86400 }} as double)
            ) as freshness,
            count(*) over ({{ path }}, channel) as touches_of_channel,
            -- of other channels or campaigns too: only there do models differ
            count(*) over ({{ path }}, channel, campaign) < touch_count as is_mixed,
            case
                when row_number() over ({{ path }}, channel order by touch_number) = 1 then 1 else 0
            end as is_new_channel
        from {{ ref("attribution_paths") }}
    ),
    weighted as (
        select
            *,
            case when touch_number = 1 then 1.0 else 0 end as first,
            case when touch_number = touch_count then 1.0 else 0 end as last,
            case
                when touch_number = coalesce(last_non_direct_number, touch_count) then 1.0 else 0
            end as last_non_direct,
            1 / cast(touch_count as double) as linear,
            case
                when touch_count <= 2
                then 1 / cast(touch_count as double)
                when touch_number in (1, touch_count)
                then 0.4
                else 0.2 / cast(touch_count - 2 as double)
            end as position_based,
            -- a path without a touch has one row and no time
            coalesce(freshness / sum(freshness) over ({{ path }}), 1) as time_decay,
            -- where what channels bring together is the purchases of paths over them alone, each of a path has the
            -- same part
            1 / cast(sum(is_new_channel) over ({{ path }}) * touches_of_channel as double) as shapley
        from placed
    )
{%- endmacro %}

{#- The CTE `spent`: what was spent on a channel and campaign in the days of attribution, in the company's currency. -#}
{% macro spent_on_ads() -%}
    {%- set insight = var("insight") %}
    spent as (
        select
            s.channel,
            s.campaign,
            {{ known_sum(in_company_currency("s.spend", "s.currency", "x.exchange_rate")) }} as spend_amount
        from
            (
                select
                    coalesce({{ unless_blank("channel") }}, 'unknown') as channel,
                    coalesce({{ unless_blank("campaign") }}, 'none') as campaign,
                    spend,
                    currency,
                    spend_on
                from {{ ref("conformed_ad_spend") }}
                where
                    deleted_at is null
                    and spend_on <= cast({{ as_of() }} as date)
                    and spend_on > {{ days_before(as_of(), insight["attribution_days"]) }}
            ) s
        left join {{ ref("exchange_rates_by_day") }} x on x.currency = s.currency and x.rated_on = s.spend_on
        group by s.channel, s.campaign
    )
{%- endmacro %}

{#- SQL: a text as it is written, so that what analysts see in its place is found by it; null where it is blank. -#}
{% macro unless_blank(value) -%} case when trim({{ value }}) <> '' then {{ value }} end {%- endmacro %}
