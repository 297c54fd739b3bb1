{#- SQL: a time of a row that analysts see, no finer than [privacy] analyst_time: the start of its second, day, week or month. -#}
{% macro analyst_time(time) -%} cast(date_trunc('{{ var("analyst_time") }}', {{ time }}) as timestamp) {%- endmacro %}
