{#-
    Which rows of an entity are set aside, and why: in words for people, or as a code of the seed set_aside_reasons. The rules
    stand in the entity's own contract (conformed_<entity>.yml): a column that is never null, its type, and below `meta` what
    its values may be:
      allowed: {min: 0, max: 10}          a number
      allowed: {values: [in, out]}        a word, read without case and blanks
      allowed: {values_of: channels}      the same, of the seed's column that has the column's name
      is_unsigned: true                   a number that some systems write below 0: read without its sign
      reads: order_statuses | currencies  a word of that seed, in any of its spellings; a credit note may have any status
      required_unless: sent_at            a time that a row may lack where it has the other; no map of the entity does
    and, of the model, `set_aside: [[condition, reason, code], …]`. One row breaks one row: no rule stops a night.
-#}
{% macro set_aside_because(entity, relation, columns=none, part="words") -%}
    {%- set node = (
        graph.nodes["model." ~ project_name ~ ".conformed_" ~ entity]
        if execute
        else {"columns": {}, "config": {}}
    ) -%}
    {%- if columns is none -%} {%- set columns = node["columns"].values() -%} {%- endif -%}
    {%- set reasons = [] -%}
    {%- for column in columns if column.name not in ("deleted_at", "extracted_at", "load_id", "source_system") -%}
        {%- do reasons.extend(broken_rules(column, relation)) -%}
    {%- endfor -%}
    {%- do reasons.extend(node["config"].get("meta", {}).get("set_aside", [])) -%}
    {%- if entity == "consent_events" -%}
        {%- do reasons.append(
            [
                statement_status() ~ " is null",
                "status is neither granted nor withdrawn",
                "not_granted_nor_withdrawn",
            ]
        ) -%}
    {%- endif -%}
    {%- if entity == "email_events" -%}
        {%- do reasons.append(
            [
                "not " ~ is_harmless("kind") ~ " and not " ~ is_refusal("kind"),
                "kind is unknown and may be a refusal: map it, or ignore it",
                "unknown_kind",
            ]
        ) -%}
    {%- endif -%}
    {%- set staged_column = "quarantine_reason" if part == "words" else "quarantine_code" -%}
    {%- if reasons -%} coalesce({{ staged_column }}, {{ first_reason(reasons, part) }})
    {%- else -%} {{ staged_column }}
    {%- endif -%}
{%- endmacro %}

{#- [condition, reason, code] of each rule of one column. -#}
{% macro broken_rules(column, relation) -%}
    {%- set name, type, meta = column.name, column.data_type, meta_of(column) -%}
    {%- set value = cast_or_null(name, type) -%}
    {%- if meta.get("is_unsigned") -%} {%- set value = "abs(" ~ value ~ ")" -%} {%- endif -%}
    {%- set reasons = [] -%}
    {%- if is_required(column) -%}
        {%- do reasons.append([name ~ " is null", name ~ " is missing", "missing"]) -%}
    {%- endif -%}
    {%- if type not in ("varchar", "boolean") -%}
        {%- set is_unfit = name ~ " is not null and " ~ value ~ " is null" -%}
        {%- do reasons.append([is_unfit, name ~ " does not fit " ~ type, "wrong_type"]) -%}
    {%- endif -%}
    {%- if is_time(column) -%}
        {%- set is_early = (
            value
            ~ " < date '"
            ~ var("earliest_time")
            ~ "' and cast("
            ~ value
            ~ " as date) != date '0001-01-01'"
        ) -%}
        {%- set said = name ~ " cannot be read: it is of a year before " ~ var("earliest_time")[:4] -%}
        {%- do reasons.append([is_early, said, "unreadable"]) -%}
        {%- if is_required(column) -%}
            {%- do reasons.append([known_time(value) ~ " is null", name ~ " is missing", "missing"]) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if meta.get("required_unless") -%}
        {%- set other = cast_or_null(meta.required_unless, type) -%}
        {%- set is_missing = known_time(value) ~ " is null and " ~ known_time(other) ~ " is null" -%}
        {%- do reasons.append([is_missing, name ~ " is missing", "missing"]) -%}
    {%- endif -%}
    {%- set allowed = meta.get("allowed", {}) -%}
    {%- if "min" in allowed -%}
        {%- do reasons.append([value ~ " < " ~ allowed.min, name ~ " is below " ~ allowed.min, "out_of_range"]) -%}
    {%- endif -%}
    {%- if "max" in allowed -%}
        {%- do reasons.append([value ~ " > " ~ allowed.max, name ~ " is above " ~ allowed.max, "out_of_range"]) -%}
    {%- endif -%}
    {%- if "values" in allowed -%}
        {%- set listed = "'" ~ allowed["values"] | join("', '") ~ "'" -%}
        {%- set said = name ~ " is none of: " ~ allowed["values"] | join(", ") -%}
        {%- do reasons.append([plain_word(name) ~ " not in (" ~ listed ~ ")", said, "not_listed"]) -%}
    {%- endif -%}
    {%- if meta.get("reads") == "order_statuses" -%}
        {%- set unknown = (
            "(select d.word from (select distinct "
            ~ name
            ~ " as word from "
            ~ relation
            ~ ") d where "
            ~ spelling("d.word")
            ~ " not in (select spelling from "
            ~ ref("order_statuses")
            ~ "))"
        ) -%}
        {#- a credit note takes back whatever its status says: without it, a sale that was given back would count -#}
        {%- do reasons.append(
            [
                name
                ~ " in "
                ~ unknown
                ~ " and not coalesce("
                ~ cast_or_null("amount", "decimal(18, 2)")
                ~ " < 0, false)",
                name ~ " is no word of the seed order_statuses",
                "not_in_seed",
            ]
        ) -%}
    {%- endif -%}
    {%- if "values_of" in allowed -%}
        {%- set listed = "(select " ~ name ~ " from " ~ ref(allowed["values_of"]) ~ ")" -%}
        {%- set said = name ~ " is no word of the seed " ~ allowed["values_of"] -%}
        {%- do reasons.append([plain_word(name) ~ " not in " ~ listed, said, "not_in_seed"]) -%}
    {%- endif -%}
    {{ return(reasons) }}
{%- endmacro %}

{#- A column's value as it stands in the conformed entity: in its type, and a word as the entity spells it. Expects
    joined_words joined. -#}
{% macro conformed_value(column) -%}
    {%- set meta = meta_of(column) -%}
    {%- if meta.get("reads") -%}
        {{ column.name }}_words.meant
        {%- elif "values" in meta.get("allowed", {}) or "values_of" in meta.get("allowed", {}) -%}
        {{ plain_word("staged." ~ column.name) }}
    {%- elif is_time(column) -%} {{ known_time("cast(staged." ~ column.name ~ " as " ~ column.data_type ~ ")") }}
    {%- elif meta.get("is_unsigned") -%} abs(cast(staged.{{ column.name }} as {{ column.data_type }}))
    {%- else -%} cast(staged.{{ column.name }} as {{ column.data_type }})
    {%- endif -%}
{%- endmacro %}

{#- A join for each column that is read by a seed of words: each word is looked up once, and not in every row. XXX is ISO's
    own code for no currency: something is written, and it names none for certain. -#}
{% macro joined_words(relation, columns) -%}
    {%- for column in columns if meta_of(column).get("reads") %}
        {%- set seed = meta_of(column)["reads"] %}
        left join
            (
                select
                    d.word,
                    {% if seed == "currencies" -%}
                        case
                            when {{ spelling("d.word") }} is not null then coalesce(max(w.currency), 'XXX')
                        end as meant
                    {%- else -%} max(w.status) as meant
                    {%- endif %}
                from (select distinct {{ column.name }} as word from {{ relation }}) d
                left join {{ ref(seed) }} w on w.spelling = {{ spelling("d.word") }}
                group by d.word
            ) {{ column.name }}_words
            on {{ column.name }}_words.word = staged.{{ column.name }}
    {%- endfor %}
{%- endmacro %}

{#-
    Whether a column is a date or a time that a row is of: a year before the var earliest_time is then one that nobody meant. A
    day in the year 1 is how systems write no time at all. Of birth dates, two digits may be the year (macros/births.sql).
-#}
{% macro is_time(column) -%}
    {{
        return(
            column.data_type in ("timestamp", "date")
            and column.name not in ("birth_date", "deleted_at", "extracted_at")
        )
    }}
{%- endmacro %}

{% macro is_required(column) -%}
    {%- set found = [] -%}
    {%- for constraint in column.get("constraints", []) if "not_null" in constraint.type | string -%}
        {%- do found.append(true) -%}
    {%- endfor -%}
    {{ return(found != []) }}
{%- endmacro %}

{#- SQL: a date or a time; null where it is of a year that nobody meant. -#}
{% macro known_time(moment) -%}
    case when {{ moment }} >= date '{{ var("earliest_time") }}' then {{ moment }} end
{%- endmacro %}

{% macro meta_of(column) -%}
    {{ return(column.get("config", {}).get("meta", {}) or column.get("meta", {})) }}
{%- endmacro %}
