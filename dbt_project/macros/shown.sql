{#-
    What analysts see of a text or key that a source gave. One with an address or a number of somebody in it is shown as
    identity.shown_values has it (orchestration/privacy/intake/personal_text.py): the text without it, a keyed hash for the key.
    joined_shown names the column, shown is its value; both on a row `of`.
-#}
{% macro joined_shown(columns, is_key=false, of="f") -%}
    {%- for column in columns %}
        left join
            {{ source("identity", "shown_values") }} {{ column }}_shown
            on {{ column }}_shown.is_key = {{ is_key }}
            and {{ column }}_shown.value = {{ of }}.{{ column }}
    {%- endfor %}
{%- endmacro %}

{% macro shown(column, of="f") -%} coalesce({{ column }}_shown.shown, {{ of }}.{{ column }}) {%- endmacro %}

{#-
    A category of rows that are somebody's: shown where at least min_people have it. What fewer have is often what somebody wrote,
    a name within; it goes together with all others of few. Who is not known counts as somebody in each row.
-#}
{% macro categories_of_many(fact, columns, person="null") -%}
    {#- numbers are counted faster than texts -#}
    {%- set somebody = hashed(
        [
            "coalesce(customer_id, person_system || ':' || person_key, "
            ~ person
            ~ ", 'row:' || source_system || ':' || source_key)"
        ]
    ) -%}
    {%- for column in columns %}
        {{ column }}_of_many as (
            select {{ column }} as value
            from {{ ref(fact) }}
            where {{ column }} is not null
            group by {{ column }}
            having count(distinct {{ somebody }}) >= {{ var("min_people") }}
        )
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro joined_of_many(columns) -%}
    {%- for column in columns %}
        left join {{ column }}_of_many on {{ column }}_of_many.value = f.{{ column }}
    {%- endfor %}
{%- endmacro %}

{% macro joined_categories(columns, is_key=false) -%}
    {{ joined_of_many(columns) }} {{ joined_shown(columns, is_key) }}
{%- endmacro %}

{#- SQL: what would tell a category, shown where the category itself is. -#}
{% macro with_category(column, value) -%}
    case when f.{{ column }} is null or {{ column }}_of_many.value is not null then {{ value }} end
{%- endmacro %}

{#- SQL: a yes or no, shown where it is of enough as a category is, else empty. -#}
{% macro flag(column) -%} case when {{ column }}_of_many.value is not null then f.{{ column }} end {%- endmacro %}

{% macro category(column) -%}
    case
        when f.{{ column }} is null
        then null
        when {{ column }}_of_many.value is null
        then {{ lumped() }}
        else {{ shown(column) }}
    end
{%- endmacro %}
