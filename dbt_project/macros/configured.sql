{#- What a company says in its own configuration, as rows of what the seeds say. -#}
{#- Exchange rates of the configuration: one unit of currency costs so much of base from a day on. -#}
{% macro configured_rates() -%}
    {%- for one in var("exchange_rates") %}
        select
            '{{ one.currency }}' as currency,
            '{{ one.base_currency or var("currency") }}' as base,
            cast({{ "'" ~ one.valid_on ~ "'" if one.valid_on else "null" }} as date) as valid_on,
            cast({{ one.rate }} as double) as rate
            {{ "union all" if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{#- Purposes of the configuration, behind those of the seed: a hook of it. -#}
{% macro configured_purposes() -%}
    {%- set rows = [] -%}
    {%- for name, one in var("purposes").items() -%}
        {%- set said = one.description | replace("'", "''") -%}
        {%- set row = [name, one.legal_basis, one.is_marketing, one.needs_confirmation, said] -%}
        {%- do rows.append("('" ~ row | join("', '") ~ "')") -%}
    {%- endfor -%}
    {{ return(into_seed(rows)) }}
{%- endmacro %}

{#- The kinds of personal data that they allow. A hook of the seed. -#}
{% macro configured_purpose_categories() -%}
    {%- set rows = [] -%}
    {%- for name, one in var("purposes").items() -%}
        {%- for kind in one.categories -%} {%- do rows.append("('" ~ name ~ "', '" ~ kind ~ "')") -%} {%- endfor -%}
    {%- endfor -%}
    {{ return(into_seed(rows)) }}
{%- endmacro %}

{#- A statement that adds rows to the seed whose hook this is; nothing where there are none. -#}
{% macro into_seed(rows) -%}
    {{ return("insert into " ~ this ~ " values " ~ rows | join(", ") if rows else "") }}
{%- endmacro %}
