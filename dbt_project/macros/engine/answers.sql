{#- The whole-number answer to one question out of a nested list of answers. -#}
{% macro answer(answers, question) -%}
    {{ return(adapter.dispatch("answer", "kundbild")(answers, question)) }}
{%- endmacro %}
{% macro default__answer(answers, question) -%}
    try_cast(list_extract(list_filter({{ answers }}, lambda a:a.question = '{{ question }}'), 1).value as integer)
{%- endmacro %}
