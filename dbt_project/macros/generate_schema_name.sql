{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- schemas bear the names of the rooms, without dbt's target in front -#}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
