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
