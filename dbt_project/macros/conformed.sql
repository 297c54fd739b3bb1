{#-
    One conformed entity: the union of every system that feeds it, in the row shape of the model's own contract.
    Rows that are set aside stay out. No feed: an empty, typed relation.
    An incremental run looks back over every load that the model has not seen of that system: a row that comes late,
    however old its date, is new by its load. `reads`: the seeds of words that its columns are read by (meta `reads`), named
    here because dbt knows no columns while it parses.
-#}
{% macro conformed_union(entity, reads=[]) -%}
    {%- for seed in reads -%} {%- do ref(seed) -%} {%- endfor -%}
    {%- set feeds = var("feeds").get(entity, []) -%}
    {%- set columns = model.columns.values() | list -%}
    -- first, and without rows, for the names: DuckDB calls a column as its source does where only case differs
    select
        {% for column in columns %}
            cast(null as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
        {% endfor %}
    where false
    {%- for system in feeds %}
        union all
        select
            {% for column in columns %}
                {{ conformed_value(column) }} as {{ column.name }}{{ "," if not loop.last }}
            {% endfor %}
        from {{ ref(staged(system, entity)) }} as staged {{ joined_words(ref(staged(system, entity)), columns) }}
        where
            {{ set_aside_because(entity, ref(staged(system, entity)), columns) }} is null
            {%- if is_incremental() %} and load_id > {{ newest_load(system) }} {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- An entity that takes new loads only, and is rid of rows that came again broken. -#}
{% macro incremental_entity(entity, post_hook=[]) -%}
    {{
        config(
            materialized="incremental",
            incremental_strategy="delete+insert",
            unique_key=["source_system", "source_key"],
            pre_hook="{{ forget_quarantined('" ~ entity ~ "') }}",
            post_hook=post_hook,
        )
    }}
{%- endmacro %}

{% macro newest_load(system) -%}
    (select coalesce(max(load_id), 0) from {{ this }} where source_system = '{{ system }}')
{%- endmacro %}

{#- Before an incremental run: a row that was good and came again broken leaves the entity, as in a full rebuild. So does
    one whose key no row has any more, as of somebody whose address was put right in all orders. -#}
{% macro forget_quarantined(entity) -%}
    {%- if is_incremental() and var("feeds").get(entity, []) -%}
        delete from {{ this }}
        where
            (source_system, source_key) in (
                {%- for system in var("feeds").get(entity, []) %}
                    {{ "union all" if not loop.first }}
                    select '{{ system }}', source_key
                    from {{ ref(staged(system, entity)) }}
                    where
                        {{ set_aside_because(entity, ref(staged(system, entity))) }} is not null
                        and source_key is not null
                        and load_id > {{ newest_load(system) }}
                {%- endfor %}
            )
            {%- for system in systems_that_lose_keys(entity) %}
                or (
                    source_system = '{{ system }}'
                    and source_key
                    not in (select source_key from {{ ref(staged(system, entity)) }} where source_key is not null)
                )
            {%- endfor %}
    {%- else -%} select 1
    {%- endif -%}
{%- endmacro %}

{#- Systems of which a row of an entity may be gone without being deleted (meta `loses_keys` of the staging model). -#}
{% macro systems_that_lose_keys(entity) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for system in var("feeds").get(entity, []) -%}
            {%- set node = graph.nodes["model." ~ project_name ~ "." ~ staged(system, entity)] -%}
            {%- if node.config.meta.get("loses_keys") -%} {%- do found.append(system) -%} {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{#- What was corrected (Art. 16) is put in again, whatever the source says. A value that cannot be cast is null: it fails
    no night, and a check of conformed people counts it. -#}
{% macro apply_corrections() -%}
    {%- set statements = [] -%}
    {%- for column in var("correctable") -%}
        {%- set value = as_date("c.value") if column == "birth_date" else "c.value" -%}
        {%- do statements.append(
            "update "
            ~ this
            ~ " as p set "
            ~ column
            ~ " = "
            ~ value
            ~ " from "
            ~ source("identity", "corrections")
            ~ " c where c.field = '"
            ~ column
            ~ "' and c.source_system = p.source_system and c.source_key = p.source_key"
        ) -%}
    {%- endfor -%}
    {{ return(statements | join("; ")) }}
{%- endmacro %}
