{#- SQL: the calendar month of a time as a whole number, so that months are counted by subtraction. -#}
{% macro month_number(time) -%} (cast(year({{ time }}) as bigint) * 12 + month({{ time }}) - 1) {%- endmacro %}

{#- SQL: the first day of the month of such a number. -#}
{% macro month_of_number(number) -%}
    make_date(cast(floor({{ number }} / cast(12 as double)) as integer), cast({{ number }} % 12 + 1 as integer), 1)
{%- endmacro %}
