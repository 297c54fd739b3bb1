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

{#- SQL: one value for each person that rows of a fact may be about; numbers are counted faster than texts. -#}
{% macro somebody_of_row(person) -%}
    {{
        hashed(
            [
                "coalesce(customer_id, person_system || ':' || person_key, "
                ~ person
                ~ ", 'row:' || source_system || ':' || source_key)"
            ]
        )
    }}
{%- endmacro %}

{#-
    A category of rows that are somebody's: shown where at least min_people have it. What fewer have is often what somebody wrote,
    a name within; it goes together with all others of few. Who is not known counts as somebody in each row.
-#}
{% macro categories_of_many(fact, columns, person="null") -%}
    {%- for column in columns %}
        {{ column }}_of_many as (
            select {{ column }} as value
            from {{ ref(fact) }}
            where {{ column }} is not null
            group by {{ column }}
            having count(distinct {{ somebody_of_row(person) }}) >= {{ var("min_people") }}
        )
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- SQL: joins what categories_of_many or flags_of_many found to the rows f. -#}
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

{#- As categories_of_many, of columns of yes or no: both, and not known, must be of enough: where one is empty, it is told by that. -#}
{% macro flags_of_many(fact, columns, person="null") -%}
    {%- for column in columns %}
        {{ column }}_of_many as (
            select value
            from
                (
                    select
                        {{ column }} as value,
                        min(count(distinct {{ somebody_of_row(person) }})) over () >= {{ var("min_people") }} as is_told
                    from {{ ref(fact) }}
                    group by {{ column }}
                )
            where is_told and value is not null
        )
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- SQL: a yes or no of flags_of_many. -#}
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
