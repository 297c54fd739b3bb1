{#- SQL: a count of people, or null where it is of so few that somebody could be told by it. -#}
{% macro unless_few(count) -%}
    case when {{ count }} = 0 or {{ count }} >= {{ var("min_people") }} then {{ count }} end
{%- endmacro %}
