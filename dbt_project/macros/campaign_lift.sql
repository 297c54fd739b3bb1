{#- What a response to a campaign is: any purchase, and one that attribution counts. -#}
{% macro campaign_outcomes() -%} {{ return(["purchase", "conversion"]) }} {%- endmacro %}

{#- SQL: whether a row `of` arms responded in the way of an outcome, 1 or 0. -#}
{% macro response_to(outcome, of) -%}
    case
        {{ outcome }} {%- for each in campaign_outcomes() %} when '{{ each }}' then {{ of }}.{{ each }} {%- endfor %}
    end
{%- endmacro %}

{#- z of a 95 % interval, and the sum of it and that of a power of 80 %. -#}
{% macro z_of_interval() -%} cast(1.959963984540054 as double) {%- endmacro %}
{% macro z_of_detection() -%} cast(2.801585218112969 as double) {%- endmacro %}

{#-
    CTEs on messages of email: `arms` has a row per lot and customer, whether they were held out and how they responded. A campaign that is
    sent within the var `lot_days` is one lot, one that goes on is a lot each day. Who was in both arms of a lot, as two records of one person, is
    in none of it; customers who may not be profiled are in no lot.
-#}
{% macro campaign_arms() -%}
    {%- set insight = var("insight") %}
    {%- set lot = "source_system, campaign_key, lot_on" %}
    -- of all days: of a campaign that goes on, the last few days of the period are no one lot
    spans as (
        select
            source_system,
            campaign_key,
            min(cast(occurred_at as date)) as first_on,
            max(cast(occurred_at as date)) as last_on
        from {{ ref("fct_email_events") }}
        where
            kind in ('sent', 'held_out')
            and campaign_key is not null
            and customer_id is not null
            and occurred_at <= {{ as_of() }}
        group by source_system, campaign_key
    ),
    messages as (
        select
            e.source_system,
            e.campaign_key,
            e.customer_id,
            e.occurred_at,
            e.kind,
            case
                when {{ days_between("s.first_on", "s.last_on") }} <= {{ var("lot_days") }}
                then s.first_on
                else cast(e.occurred_at as date)
            end as lot_on
        from {{ ref("fct_email_events") }} e
        join spans s on s.source_system = e.source_system and s.campaign_key = e.campaign_key
        where
            e.kind in ('sent', 'held_out')
            and e.customer_id is not null
            and e.occurred_at <= {{ as_of() }}
            and e.occurred_at > {{ as_of() }} - {{ days(insight["attribution_days"]) }}
    ),
    drawn as (
        select
            m.source_system,
            m.campaign_key,
            m.customer_id,
            m.lot_on,
            min(m.occurred_at) as first_at,
            bool_or(m.kind = 'held_out') as is_held_out
        from messages m
        where
            -- a lot that began before the period lacks some of its customers
            m.lot_on >= {{ as_of() }} - {{ days(insight["attribution_days"]) }} and {{ is_profiled("m.customer_id") }}
        group by 1, 2, 3, 4
        having bool_or(m.kind = 'held_out') = bool_and(m.kind = 'held_out')
    ),
    -- both arms have the same days: they begin with the first message of the lot
    dated as (select *, min(first_at) over (partition by {{ lot }}) as lot_at from drawn),
    purchases as (
        select 'purchase' as outcome, customer_id, ordered_at as bought_at
        from {{ ref("fct_orders") }}
        where is_sale and customer_id is not null
        union all
        select 'conversion', customer_id, converted_at
        from {{ ref("attribution_paths") }}
        where is_converted and touch_number = 1
    ),
    responses as (
        select
            d.source_system,
            d.campaign_key,
            d.lot_on,
            d.customer_id
            {%- for outcome in campaign_outcomes() %}
                , max(case when p.outcome = '{{ outcome }}' then 1 else 0 end) as {{ outcome }}
            {%- endfor %}
        from dated d
        join
            purchases p
            on p.customer_id = d.customer_id
            and p.bought_at >= d.lot_at
            and p.bought_at < d.lot_at + {{ days(insight["response_days"]) }}
        group by 1, 2, 3, 4
    ),
    arms as (
        select
            d.source_system,
            d.campaign_key,
            d.lot_on,
            d.lot_at,
            d.customer_id,
            d.is_held_out
            {%- for outcome in campaign_outcomes() %}, coalesce(r.{{ outcome }}, 0) as {{ outcome }} {%- endfor %}
        from dated d
        left join
            responses r
            on r.source_system = d.source_system
            and r.campaign_key = d.campaign_key
            and r.lot_on = d.lot_on
            and r.customer_id = d.customer_id
    )
{%- endmacro %}

{#- SQL: an end of Wilson's interval of a rate, by the rate and the size of its arm; `way` is - or +. -#}
{% macro end_of_rate(rate, people, way) -%}
    {%- set n = "cast(" ~ people ~ " as double)" -%}
    {%- set z = z_of_interval() -%}
    (
        (
            {{ rate }}
            + {{ z }}
            * {{ z }}
            / (2 * {{ n }}) {{ way }} {{ z }}
            * sqrt(({{ rate }} * (1 - {{ rate }}) + {{ z }} * {{ z }} / (4 * {{ n }})) / {{ n }})
        )
        / (1 + {{ z }} * {{ z }} / {{ n }})
    )
{%- endmacro %}

{#- SQL: a share as words: percentage points, with its sign. -#}
{% macro in_points(share) -%}
    case when {{ share }} >= 0 then '+' else '' end
    || cast(cast(100 * {{ share }} as decimal(9, 2)) as {{ dbt.type_string() }})
{%- endmacro %}

{#- SQL: what is said where nobody was held out. -#}
{% macro never_held_out() -%} 'not measured: nobody was held out' {%- endmacro %}

{#- SQL: what a measured lift says. -#}
{% macro verdict_of_lift() -%}
    case
        when not has_hold_out
        then {{ never_held_out() }}
        when lift is null
        then 'not measured yet: the days after it are not over'
        when measured_responded_count + held_out_responded_count = 0
        then 'cannot tell: nobody responded in either arm'
        when minimum_detectable_effect is null
        then 'cannot tell: in each lot all customers responded, or none did'
        when lift_low <= 0 and lift_high >= 0
        then
            'cannot tell: 95 % interval '
            || {{ in_points("lift_low") }}
            || ' to '
            || {{ in_points("lift_high") }}
            || ' percentage points holds zero. Arms of this size find a lift of '
            || substring({{ in_points("minimum_detectable_effect") }}, 2)
            || ' in 80 % of tests'
        else
            case when lift > 0 then 'higher' else 'lower' end
            || ' than the hold-out: 95 % interval '
            || {{ in_points("lift_low") }}
            || ' to '
            || {{ in_points("lift_high") }}
            || ' percentage points'
    end
{%- endmacro %}
