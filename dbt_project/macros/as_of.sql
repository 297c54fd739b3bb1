{#- The moment that the night describes, UTC. Every age and window counts from here, so a rerun gives the same answer. -#}
{% macro as_of() -%} (select as_of from {{ source("ops", "clock") }}) {%- endmacro %}

{#- The newest load that was published: its rows passed every test. 0 when all rows are to be tested. -#}
{% macro published_load() -%}(select published_load from {{ source("ops", "clock") }}) {%- endmacro %}

{#- SQL on the time of an end, of a subscription or a request: whether it is still to come, as one that is not known is. -#}
{% macro is_to_come(at) -%} not coalesce({{ at }} <= {{ as_of() }}, false) {%- endmacro %}

{#- SQL on a time: whether it has come. What a source dates after the night has not happened, and what it does not date has. -#}
{% macro has_come(at) -%} coalesce({{ at }} <= {{ as_of() }}, true) {%- endmacro %}

{#- SQL: since when data of a category are kept. -#}
{% macro kept_since(category) -%}
    (
        select {{ days_before(as_of(), var("retention_days").get(category, "retention_days")) }}
        from {{ ref("data_categories") }}
        where category = '{{ category }}'
    )
{%- endmacro %}
