{#-
    SQL: whether the rows that may be told are a fair sample of all rows `of` which something could be told: hiding counts of few
    selects, and what is left to see are the rows in which many did, or nobody. By `weight`; `over` as a window, else as an aggregate.
-#}
{% macro is_fair_sample(is_told, of="true", weight="1", over="") -%}
    coalesce(sum({{ weight }}) filter (({{ of }}) and ({{ is_told }})) {{ over }}, 0)
    >= {{ var("least_told_share") }} * coalesce(sum({{ weight }}) filter ({{ of }}) {{ over }}, 0)
{%- endmacro %}

{#-
    SQL: whether of a whole so many are expected to do, and not to do, what the `share` of all rows does that their counts are of few by a
    rare chance only (two standard deviations). What a row may tell then depends on its size, not on what its people did.
-#}
{% macro is_large_enough(whole, share) -%}
    coalesce(
        {{ share }} in (0, 1)
        and {{ whole }} >= {{ var("min_people") }}
        or least({{ share }}, 1 - {{ share }}) * {{ whole }} >= {{ var("min_people") + 2 * var("min_people") ** 0.5 }},
        false
    )
{%- endmacro %}

{#-
    CTEs sized, large and fair: the rows of `relation`, and for each of `parts` (name → (part, whole), columns that count people) whether it
    is shown, `is_<name>_shown`: where it may be told and the rows in which it may are a fair sample of those that are large enough. By the
    rows of `over`, a window.
-#}
{% macro fair_parts(relation, parts, over="over ()") -%}
    sized as (
        select
            *
            {%- for name, (part, whole) in parts.items() %}
                ,
                sum({{ part }}) {{ over }} / cast(nullif(sum({{ whole }}) {{ over }}, 0) as double) as {{ name }}_of_all
            {%- endfor %}
        from {{ relation }}
    ),
    large as (
        select
            *
            {%- for name, (part, whole) in parts.items() %}
                ,
                {{ is_large_enough(whole, name ~ "_of_all") }} as is_{{ name }}_large,
                {{ part_unless_few(part, whole) }} is not null as is_{{ name }}_told
            {%- endfor %}
        from sized
    ),
    fair as (
        select
            *
            {%- for name in parts %}
                ,
                is_{{ name }}_large
                and is_{{ name }}_told
                and {{ is_fair_sample("is_" ~ name ~ "_told", "is_" ~ name ~ "_large", over=over) }}
                as is_{{ name }}_shown
            {%- endfor %}
        from large
    )
{%- endmacro %}
