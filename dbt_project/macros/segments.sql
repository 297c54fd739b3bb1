{#-
    CTEs `profiled` and `placed`: one row for each customer who may be profiled, with the segment of each scheme tonight, by the var
    segment_rules (seed segment_rules and [segments] in kundbild.toml, checked by orchestration/contracts/segment_rules.py). The first
    rule that holds wins; where none holds, the segment is null. The digest is of the segments that are not.
-#}
{% macro placed_customers() -%}
    {%- set schemes = var("segment_rules") | groupby("scheme") -%}
    profiled as (
        select
            c.customer_id
            {%- for column in var("segment_columns") %}
                ,
                {% if column.since -%} {{ days_between("c." ~ column.since, as_of()) }} as {{ column.name }}
                {%- else -%} {{ column.of }}.{{ column.name }}
                {%- endif %}
            {%- endfor %}
        from {{ ref("customer_360") }} c
        left join {{ ref("customer_rfm") }} r on r.customer_id = c.customer_id
        -- whom anything may be inferred of
        join {{ ref("customer_profile") }} f on f.customer_id = c.customer_id
    ),
    ruled as (
        select
            customer_id
            {%- for scheme, rules in schemes %}
                ,
                case
                    {%- for rule in rules %} when {{ rule.condition }} then {{ rule.value }} {%- endfor %}
                end as segment_{{ loop.index }}
            {%- endfor %}
        from profiled
    ),
    placed as (
        select
            *,
            nullif(
                cast(0 as decimal(38, 0))
                {%- for scheme, rules in schemes %}
                    {%- set segment = "segment_" ~ loop.index %}
                    + case when {{ segment }} is null then 0 else {{ segment_digest("'" ~ scheme ~ "'", segment) }} end
                {%- endfor %},
                0
            ) as digest
        from ruled
    )
{%- endmacro %}

{#- SQL of a relation like `placed`: one row for each segment of a customer. -#}
{% macro segments_of(relation) -%}
    {%- for scheme, rules in var("segment_rules") | groupby("scheme") %}
        select customer_id, '{{ scheme }}' as scheme, segment_{{ loop.index }} as segment
        from {{ relation }}
        where segment_{{ loop.index }} is not null
        union all
    {%- endfor %}
    select customer_id, cast(null as varchar) as scheme, cast(null as varchar) as segment
    from {{ relation }}
    where false
{%- endmacro %}

{#-
    SQL: whether nothing may be inferred of a customer of tonight: they refused profiling (Art. 21), their identity is protected, or
    they are dead. What was inferred before goes too. Restricted people are not among the customers of tonight.
-#}
{% macro is_not_profiled(customer_id) -%}
    {{ customer_id }} in (
        select c.customer_id
        from {{ ref("customer_360") }} c
        anti join {{ ref("customer_profile") }} f on f.customer_id = c.customer_id
    )
{%- endmacro %}

{#-
    SQL: whether nobody may be in a segment of the scheme ([privacy] not_for_segments): what was kept of it goes. So does, where anything
    is switched off, what was kept of a scheme that no rule makes any more: which columns it was made of is not known.
-#}
{% macro is_switched_off(scheme) -%}
    {%- set off = var("segments_off") -%}
    {%- if off -%}
        (
            {{ scheme }} in ('{{ off | join("', '") }}')
            or {{ scheme }} not in ('{{ var("segment_rules") | map(attribute="scheme") | unique | join("', '") }}')
        )
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}

{#- SQL: a number for a segment; those of a customer are added up, in whatever order. -#}
{% macro segment_digest(scheme, segment) -%} cast({{ hashed([scheme, segment]) }} as decimal(38, 0)) {%- endmacro %}

{#-
    CTE `spells` of `theirs`, rows that may overlap where customers were merged: at each time the customer's own row, else that of
    the oldest id that was merged away; equal neighbours as one row.
-#}
{% macro segment_spells() -%}
    turns as (
        select customer_id, scheme, entered_at as since
        from theirs
        union
        select customer_id, scheme, left_at
        from theirs
        where left_at is not null
    ),
    stretches as (select *, lead(since) over (partition by customer_id, scheme order by since) as until from turns),
    chosen as (
        select
            s.customer_id,
            s.scheme,
            s.since,
            s.until,
            {{
                earliest(
                    "k.segment", record_of({"is_anothers": "k.kept_id <> k.customer_id", "kept_id": "k.kept_id"})
                )
            }} as segment
        from stretches s
        join
            theirs k
            on k.customer_id = s.customer_id
            and k.scheme = s.scheme
            and k.entered_at <= s.since
            and coalesce(k.left_at > s.since, true)
        group by s.customer_id, s.scheme, s.since, s.until
    ),
    parted as (
        select
            *,
            case
                when
                    segment = lag(segment) over (partition by customer_id, scheme order by since)
                    and since = lag(until) over (partition by customer_id, scheme order by since)
                then 0
                else 1
            end as is_start
        from chosen
    ),
    numbered as (
        select
            *,
            sum(is_start) over (
                partition by customer_id, scheme order by since rows between unbounded preceding and current row
            ) as nth
        from parted
    ),
    spells as (
        select
            customer_id,
            scheme,
            segment,
            min(since) as entered_at,
            case when not bool_or(until is null) then max(until) end as left_at
        from numbered
        group by customer_id, scheme, segment, nth
    )
{%- endmacro %}

{#- SQL: what the bi models call it where no rule of a scheme holds. -#}
{% macro in_no_segment() -%} 'in no segment' {%- endmacro %}

{#- SQL: how many customers c are in a group, and what they bought and visited; each sum is known where that of each of them is. -#}
{% macro segment_sums(c) -%}
    count(*) as people,
    {{ known_sum(c ~ ".order_count") }} as orders,
    {{ known_sum(c ~ ".revenue_amount") }} as revenue,
    {{ known_sum(c ~ ".web_session_count") }} as sessions
{%- endmacro %}

{#- SQL: whether a membership ended so long ago that derived data are not kept. -#}
{% macro is_expired_membership(left_at) -%} coalesce({{ left_at }} < {{ kept_since("derived") }}, false) {%- endmacro %}

{#- SQL: 1 to 5 by how many fifths of the rows are worse in that order, worst first. Equal rows are equal; the worst of all is always 1. -#}
{% macro score_by_fifths(order) -%}
    1 + cast(floor(5 * (rank() over (order by {{ order }}) - 1) / cast(count(*) over () as double)) as bigint)
{%- endmacro %}
