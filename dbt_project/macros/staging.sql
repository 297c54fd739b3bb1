{#- The model that stages an entity of a system. A company's own source may be named as a system that has models here. -#}
{% macro staged(system, entity) -%}
    {{ return(("own_" if system in var("own_systems") else "") ~ "stg_" ~ system ~ "__" ~ entity) }}
{%- endmacro %}

{#- The columns that every staging model ends with. `reasons` is a list of [condition, reason]; the first that holds wins.
    A system that kundbild.toml does not enable has no staging models. -#}
{% macro staging_end(system, reasons=[], deleted_at="_deleted_at") -%}
    {%- do config(enabled=system in var("systems")) -%}
    '{{ system }}' as source_system,
    {{ deleted_at }} as deleted_at,
    _extracted_at as extracted_at,
    _load_id as load_id,
    {% if reasons -%}
        case {%- for condition, reason in reasons %} when {{ condition }} then '{{ reason }}' {%- endfor %} end
    {%- else -%} cast(null as varchar)
    {%- endif %} as quarantine_reason
{%- endmacro %}

{#- [condition, reason] for a value that is there but cannot be read. -#}
{% macro unreadable(raw, parsed, what) -%}
    {{ return(["nullif(trim(" ~ raw ~ "), '') is not null and " ~ parsed ~ " is null", what ~ " cannot be read"]) }}
{%- endmacro %}

{#- [condition, reason] for a value that must be there and readable. -#}
{% macro required(parsed, what) -%}
    {{ return([parsed ~ " is null", what ~ " is missing or cannot be read"]) }}
{%- endmacro %}

{#- What a statement on consent is about. A withdrawal that does not tell is about all there is: it denies. -#}
{% macro about(said) -%}
    coalesce(nullif(trim({{ said }}), ''), case when status = 'withdrawn' then 'all' end)
{%- endmacro %}

{#- [condition, reason] for a grant that does not say of what. -#}
{% macro named(said, what) -%}
    {{
        return(
            [
                "status = 'granted' and coalesce(nullif(trim(" ~ said ~ "), ''), 'all') = 'all'",
                what ~ " is missing: a grant names one",
            ]
        )
    }}
{%- endmacro %}

{#- When a statement on consent was made. A withdrawal that does not tell stands from when it was first known: it denies. -#}
{% macro stated(at) -%} coalesce({{ at }}, case when status = 'withdrawn' then _extracted_at end) {%- endmacro %}
