{#- SQL: a time of a row that analysts see, no finer than [privacy] analyst_time: the start of its second, day, week or month. -#}
{% macro analyst_time(time) -%} cast(date_trunc('{{ var("analyst_time") }}', {{ time }}) as timestamp) {%- endmacro %}

{#-
    SQL: a count as the open grade shows it: the nearest multiple of min_people, or null where it is of few. Two tables, or two
    nights, subtracted from each other leave a range, and no exact number but where every count lies at the end of its own.
-#}
{% macro rounded(count) -%}
    {%- set least = var("min_people") -%}
    case
        when not {{ is_few(count) }} then cast(round({{ count }} / cast({{ least }} as double)) * {{ least }} as bigint)
    end
{%- endmacro %}

{#- SQL: an amount as the open grade shows it: rounded to the power of ten that no one person's part of it, at most `largest`, exceeds. -#}
{% macro rounded_amount(amount, largest) -%}
    {%- set unit = "power(10, ceil(log10(greatest(cast(" ~ largest ~ " as double), 1))))" -%}
    cast(round(cast({{ amount }} as double) / {{ unit }}) * {{ unit }} as decimal(18, 2))
{%- endmacro %}

{#-
    SQL: a mean of counts beside a rounded count of people: one decimal, or two of a hundred people or more. Finer ones are a fraction
    whose denominator is the exact count.
-#}
{% macro rounded_mean(total, people) -%}
    case
        when {{ people }} >= greatest(100, {{ var("min_people") }})
        then round({{ total }} / cast({{ people }} as double), 2)
        when {{ people }} >= {{ var("min_people") }}
        then round({{ total }} / cast({{ people }} as double), 1)
    end
{%- endmacro %}

{#- SQL: a mean amount beside it, to three digits: to the cent it tells the count that makes whole cents of it. -#}
{% macro rounded_mean_amount(total, people) -%}
    {%- set mean = "cast(" ~ total ~ " as double) / " ~ people -%}
    {%- set unit = "power(10, floor(log10(greatest(abs(" ~ mean ~ "), 10))) - 2)" -%}
    case when {{ people }} >= {{ var("min_people") }} then round(round(({{ mean }}) / {{ unit }}) * {{ unit }}, 2) end
{%- endmacro %}
