{#- What no source delivers is not known of anybody: neither 0 nor false. model `delivered_entities` is the one definition of it. -#}
{#- [source, table] of each raw table that the staging model of an entity reads. -#}
{% macro raw_tables_of(system, entity) -%}
    {{ return(raw_tables_below("model." ~ project_name ~ "." ~ staged(system, entity)) if execute else []) }}
{%- endmacro %}

{#- The same of any model: a staging model of one's own may read another model. -#}
{% macro raw_tables_below(node) -%}
    {%- set found = [] -%}
    {%- for id in graph.nodes[node].depends_on.nodes -%}
        {%- if id in graph.sources and graph.sources[id].schema.startswith("raw_") -%}
            {%- do found.append([graph.sources[id].schema[4:], graph.sources[id].identifier]) -%}
        {%- elif id.startswith("model.") -%} {%- do found.extend(raw_tables_below(id)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Names of all conformed entities. -#}
{% macro all_entities() -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == "model" and node.name.startswith("conformed_") -%}
            {%- do found.append(node.name[10:]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found | sort) }}
{%- endmacro %}

{#- A relation of one row to cross join: of each entity that the model's columns name (meta `delivered_by`), whether any source
    delivers it. -#}
{% macro deliveries() -%}
    {%- set names = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do names.extend(meta_of(column).get("delivered_by", [])) -%}
    {%- endfor -%}
    (
        select
            {% for name in names | unique | sort -%}
                coalesce(
                    bool_or(is_delivered) filter (entity = '{{ name }}'), false
                ) as {{ name }}{{ "," if not loop.last }}
            {% else -%} count(*) as entities
            {% endfor %}
        from {{ ref("delivered_entities") }}
    )
{%- endmacro %}

{#- SQL: a column of the model in its type, or null where no source delivers what it is made of (its meta `delivered_by`: any of
    these). Expects `deliveries` as y. In dbt's unit tests a model has no columns: there everything is delivered. -#}
{% macro if_delivered(column, expression) -%}
    {%- set said = model.columns.get(column) -%}
    {%- if said -%}
        cast(
            case
                when {{ "y." ~ meta_of(said)["delivered_by"] | join(" or y.") }} then {{ expression }}
            end as {{ said.data_type }}
        )
    {%- else -%} {{ expression }}
    {%- endif %} as {{ column }}
{%- endmacro %}

{#- SQL: columns of a relation of one row a customer as `if_delivered` has them; whoever is not in it has `otherwise`. -#}
{% macro counts_if_delivered(relation, columns, otherwise="0") -%}
    {%- for column in columns %}
        {{ if_delivered(column, "coalesce(" ~ relation ~ "." ~ column ~ ", " ~ otherwise ~ ")") }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- SQL: amounts of such a relation. Nothing bought is nothing; an amount without an exchange rate is not known. -#}
{% macro amounts_if_delivered(relation, columns) -%}
    {%- for column in columns %}
        {{
            if_delivered(
                column,
                "case when " ~ relation ~ ".customer_id is null then 0 else " ~ relation ~ "." ~ column ~ " end",
            )
        }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- SQL: whether any source delivers an entity. As `if_delivered` has it in dbt's unit tests: without a row everything is. -#}
{% macro is_delivered(entity) -%}
    (select coalesce(bool_or(is_delivered), true) from {{ ref("delivered_entities") }} where entity = '{{ entity }}')
{%- endmacro %}
