{#-
    A time of a clock (a source that states no timezone) is read as UTC: the instant may be so much earlier, or later, as the
    zones of the world are from UTC. No clock: the instant itself.
-#}
{% macro earlier_by(clock) -%}
    case when {{ clock }} is null then interval '0' hour else interval '14' hour end
{%- endmacro %}
{% macro later_by(clock) -%}
    case when {{ clock }} is null then interval '0' hour else interval '12' hour end
{%- endmacro %}

{#- Aggregate: null if no row has a clock, else '', which is the clock of no source. -#}
{% macro clock_of_several(clock) -%} case when count({{ clock }}) > 0 then '' end {%- endmacro %}

{#-
    Grants of which nobody knows whether they came after a withdrawal, as CTEs `on_several_clocks` and `doubted` (customer_id,
    purpose, channel, event_key). Expects the CTE `told`, statements with their clock.
-#}
{% macro doubted_grants() -%}
    -- of whom statements on a purpose and channel are timed by clocks that differ by nobody knows how much
    on_several_clocks as (
        select customer_id, purpose, channel
        from told
        group by 1, 2, 3
        having count(clock) > 0 and (count(clock) < count(*) or min(clock) != max(clock))
    ),
    -- grants that may have come before a withdrawal: on another clock, or within the minute or second that it tells
    doubted as (
        select distinct g.customer_id, g.purpose, g.channel, g.event_key
        from told g
        join on_several_clocks c on c.customer_id = g.customer_id and c.purpose = g.purpose and c.channel = g.channel
        join
            told w
            on w.customer_id = g.customer_id
            and w.purpose = g.purpose
            and w.channel = g.channel
            and w.weighs_at < g.weighs_at
            and w.weighs_at + {{ later_by("w.clock") }} >= g.weighs_at - {{ earlier_by("g.clock") }}
        where g.status = 'granted' and w.status = 'withdrawn' and w.clock is distinct from g.clock
        union
        select g.customer_id, g.purpose, g.channel, g.event_key
        from told g
        join
            told w
            on w.customer_id = g.customer_id
            and w.purpose = g.purpose
            and w.channel = g.channel
            and date_trunc('minute', w.weighs_at) = date_trunc('minute', g.weighs_at)
            and w.weighs_at < g.weighs_at
            and {{ last_moment("w.weighs_at") }} >= g.weighs_at
        where g.status = 'granted' and w.status = 'withdrawn'
    )
{%- endmacro %}
