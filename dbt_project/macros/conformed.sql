{#-
    One conformed entity: the union of every system that feeds it, in the row shape of the model's own contract.
    Rows that staging gave a quarantine_reason stay out. No feed: an empty, typed relation.
    An incremental run takes the rows of loads newer than what the model holds of that system.
-#}
{% macro conformed_union(entity) -%}
    {%- set feeds = var("feeds").get(entity, []) -%}
    {%- set columns = model.columns.values() | list -%}
    {%- for system in feeds %}
        {{ "union all" if not loop.first }}
        select
            {% for column in columns %}
                cast({{ column.name }} as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
            {% endfor %}
        from {{ ref("stg_" ~ system ~ "__" ~ entity) }}
        where quarantine_reason is null {%- if is_incremental() %} and load_id > {{ newest_load(system) }} {%- endif %}
    {%- else %}
        select
            {% for column in columns %}
                cast(null as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
            {% endfor %}
        where false
    {%- endfor %}
{%- endmacro %}

{% macro newest_load(system) -%}
    (select coalesce(max(load_id), 0) from {{ this }} where source_system = '{{ system }}')
{%- endmacro %}

{#- Before an incremental run: a row that was good and came again broken leaves the entity, as in a full rebuild. -#}
{% macro forget_quarantined(entity) -%}
    {%- if is_incremental() and var("feeds").get(entity, []) -%}
        delete from {{ this }}
        where
            (source_system, source_key) in (
                {%- for system in var("feeds").get(entity, []) %}
                    {{ "union all" if not loop.first }}
                    select '{{ system }}', source_key
                    from {{ ref("stg_" ~ system ~ "__" ~ entity) }}
                    where
                        quarantine_reason is not null and source_key is not null and load_id > {{ newest_load(system) }}
                {%- endfor %}
            )
    {%- else -%} select 1
    {%- endif -%}
{%- endmacro %}
