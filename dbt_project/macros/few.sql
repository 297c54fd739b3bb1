{#- SQL: a count of people, or null where it is of so few that somebody could be told by it. -#}
{% macro unless_few(count) -%}
    case when {{ count }} = 0 or {{ count }} >= {{ var("min_people") }} then {{ count }} end
{%- endmacro %}

{#- SQL: whether a count is of somebody, and of too few. -#}
{% macro is_few(count) -%} ({{ count }} between 1 and {{ var("min_people") - 1 }}) {%- endmacro %}

{#-
    SQL on cells that together make up a total, one row a cell with its `people`: whether the cell goes with others into one. All
    that are of few do, and with them the smallest of the others: the total less what is shown then tells of no few people.
    `total` are the columns of the total, `cell` those that tell its cells apart; a cell where `last` holds is the last choice.
-#}
{% macro is_lumped(total, cell, last="false") -%}
    {%- set of = "partition by " ~ total | join(", ") -%}
    (
        bool_or({{ is_few("people") }}) over ({{ of }})
        and (
            {{ is_few("people") }}
            or row_number() over ({{ of }}, {{ is_few("people") }} order by {{ last }}, people, {{ cell | join(", ") }})
            = 1
        )
    )
{%- endmacro %}

{#-
    SQL on rows of somebody each, with `people`, how many have the same word of `column` within the total `within`: whether the word goes
    with others into one. Those of few do, and the smallest other one where these together are of few.
-#}
{% macro is_row_lumped(within, column) -%}
    {%- set of = ("partition by " ~ within | join(", ")) if within else "" -%}
    (
        {{ is_few("people") }}
        or (
            count(*) filter ({{ is_few("people") }}) over ({{ of }}) between 1 and {{ var("min_people") - 1 }}
            -- what is not known is the last choice
            and dense_rank() over (
                {{ of }}
                order by {{ is_few("people") }}, coalesce({{ column }}, 'unknown') = 'unknown', people, {{ column }}
            )
            = 1
        )
    )
{%- endmacro %}

{#- What the lumped cells of a total are called. -#}
{% macro lumped() -%} 'other (small groups)' {%- endmacro %}

{#-
    CTEs: of each column of words the words of `relation`, one row a customer, that its rows do not tell: fewer than min_people have
    them, or they are the smallest of the others where any are few. `last` is the SQL of the words that go only where no others do.
-#}
{% macro words_of_few(relation, columns, last="false") -%}
    {%- for column in columns %}
        {{ column }}_of_few as (
            select word
            from
                (
                    select word, {{ is_lumped(["1"], ["word"], last="coalesce(" ~ last ~ ", false)") }} as is_lumped
                    from (select {{ column }} as word, count(*) as people from {{ relation }} group by 1)
                )
            where is_lumped
        )
        {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- SQL on a row of that relation: whether its word is not told. -#}
{% macro is_word_of_few(column) -%}
    exists (select 1 from {{ column }}_of_few w where w.word is not distinct from {{ column }})
{%- endmacro %}

{#- SQL on an event of email e: one value for each person that it may be about, known or not. -#}
{% macro person_of_email(customer_id) -%}
    coalesce(
        {{ customer_id }},
        e.person_system || ':' || e.person_key,
        coalesce({{ email_key("e.contact_point") }}, e.contact_point),
        'row:' || e.source_key
    )
{%- endmacro %}

{#- SQL: how many of a whole, or null where that, or the whole less it, is of few. -#}
{% macro part_unless_few(part, whole) -%}
    case when not {{ is_few(part) }} and not {{ is_few(whole ~ " - " ~ part) }} then {{ part }} end
{%- endmacro %}

{#-
    SQL: the share of a part in a whole, or null where either of its sides is of few: in whole percents, of both as `rounded` tells them.
    Share and counts then tell no more than the counts do: a share of exact counts tells the exact whole beside a rounded one, and beside
    an exact whole the exact part. All are told as all.
-#}
{% macro share_unless_few(part, whole) -%}
    case
        when {{ part }} = {{ whole }} and {{ whole }} > 0
        then 1.0
        when not {{ is_few(part) }} and not {{ is_few(whole ~ " - " ~ part) }}
        then round({{ rounded(part) }} / nullif(cast({{ rounded(whole) }} as double), 0), 2)
    end
{%- endmacro %}
