{#- The model that stages an entity of a system. A company's own source may be named as a system that has models here. -#}
{% macro staged(system, entity) -%}
    {{ return(("own_" if system in var("own_systems") else "") ~ "stg_" ~ system ~ "__" ~ entity) }}
{%- endmacro %}

{#- The columns that every staging model ends with. `reasons` is a list of [condition, reason, code]; the first that holds wins.
    The code is one of the seed set_aside_reasons; without it, it is a rule of the model's own.
    A system that kundbild.toml does not enable has no staging models. -#}
{% macro staging_end(system, reasons=[], deleted_at="_deleted_at") -%}
    {%- do config(enabled=system in var("systems")) -%}
    '{{ system }}' as source_system,
    {{ deleted_at }} as deleted_at,
    _extracted_at as extracted_at,
    _load_id as load_id,
    {{ first_reason(reasons) }} as quarantine_reason,
    {{ first_reason(reasons, "code") }} as quarantine_code
{%- endmacro %}

{#- SQL: of a list of [condition, reason, code] the first that holds, in words for people or as the code. -#}
{% macro first_reason(reasons, part="words") -%}
    {%- if reasons -%}
        case
            {%- for reason in reasons %}
                when {{ reason[0] }}
                then '{{ reason[1] if part == "words" else (reason[2] if reason | length > 2 else "own_rule") }}'
            {%- endfor %}
        end
    {%- else -%} cast(null as varchar)
    {%- endif -%}
{%- endmacro %}

{#- [condition, reason, code] for a value that is there but cannot be read. -#}
{% macro unreadable(raw, parsed, what) -%}
    {{
        return(
            [
                "nullif(trim(" ~ raw ~ "), '') is not null and " ~ parsed ~ " is null",
                what ~ " cannot be read",
                "unreadable",
            ]
        )
    }}
{%- endmacro %}

{#- [condition, reason, code] for a value that must be there and readable. -#}
{% macro required(parsed, what) -%}
    {{ return([parsed ~ " is null", what ~ " is missing or cannot be read", "missing_or_unreadable"]) }}
{%- endmacro %}

{#- SQL: whether a statement on consent is readably a grant. Everything else denies: see the ledger of withdrawals. -#}
{% macro is_granted(status="status") -%} coalesce({{ word(status) }} = 'granted', false) {%- endmacro %}

{#-
    The status of a statement in the conformed vocabulary: granted, or withdrawn in any of the usual words. Null where it is
    neither: such a row is set aside, and it denies.
-#}
{% macro statement_status(status="status") -%}
    case
        when {{ word(status) }} = 'granted'
        then 'granted'
        when {{ word(status) }} in ('{{ var("withdrawn_words") | join("', '") }}') or {{ is_refusal(status) }}
        then 'withdrawn'
    end
{%- endmacro %}

{#- What a statement on consent is about. One that is no grant and does not tell is about all there is: it denies. -#}
{% macro about(said) -%} coalesce({{ word(said) }}, case when not {{ is_granted() }} then 'all' end) {%- endmacro %}

{#- [condition, reason, code] for a grant that does not say of what. -#}
{% macro named(said, what) -%}
    {{
        return(
            [
                is_granted() ~ " and coalesce(" ~ word(said) ~ ", 'all') = 'all'",
                what ~ " is missing: a grant names one",
                "not_named",
            ]
        )
    }}
{%- endmacro %}

{#- [condition, reason, code] for a time of a grant that is there and cannot be read: without its end it would hold for ever. -#}
{% macro readable_grant(at, what) -%}
    {{
        return(
            [
                is_granted()
                ~ " and nullif(trim(cast("
                ~ at
                ~ " as varchar)), '') is not null and "
                ~ as_utc(at)
                ~ " is null",
                what ~ " cannot be read",
                "unreadable",
            ]
        )
    }}
{%- endmacro %}

{#- When a statement was made. One that is no grant and does not tell stands from when it was first known: it denies. -#}
{% macro stated(at) -%}
    coalesce({{ statement_time(at, is_granted()) }}, case when not {{ is_granted() }} then _extracted_at end)
{%- endmacro %}

{#- SQL: whether the kind of a message's event or a status, in whatever spelling, has a refusal in it. -#}
{% macro is_refusal(kind) -%}
    coalesce(regexp_matches(lower(cast({{ kind }} as varchar)), '{{ var("refusal") }}'), false)
{%- endmacro %}

{#- SQL: whether the kind of a message's event is known and refuses nothing. -#}
{% macro is_harmless(kind) -%}
    coalesce({{ letters(kind) }} in ('{{ var("harmless_kinds") | join("', '") }}'), false)
{%- endmacro %}

{#- When a message's event was: one that withdraws, or may, is a statement, and stands from when it was first known where
    it does not tell. -#}
{% macro happened(at, kind) -%}
    case
        when not {{ is_harmless(kind) }}
        then coalesce({{ statement_time(at, "false") }}, _extracted_at)
        else {{ as_utc(at) }}
    end
{%- endmacro %}
