{#- The whole-number answer to one question out of a nested list of answers. -#}
{% macro answer(answers, question) -%}
    {{ return(adapter.dispatch("answer", "kundbild")(answers, question)) }}
{%- endmacro %}
{% macro default__answer(answers, question) -%}
    try_cast(list_extract(list_filter({{ answers }}, lambda a:a.question = '{{ question }}'), 1).value as integer)
{%- endmacro %}

{#- A row for each element of a list column, which is then called `name`. -#}
{% macro each_of(relation, list_column, name) -%}
    {{ return(adapter.dispatch("each_of", "kundbild")(relation, list_column, name)) }}
{%- endmacro %}
{% macro default__each_of(relation, list_column, name) -%}
    (select * exclude ({{ list_column }}), unnest({{ list_column }}) as {{ name }} from {{ relation }})
{%- endmacro %}
{% macro spark__each_of(relation, list_column, name) -%}
    (select * except ({{ list_column }}), explode({{ list_column }}) as {{ name }} from {{ relation }})
{%- endmacro %}

{#- SQL: whether two lists have an element in common. -#}
{% macro have_common(list, other) -%} coalesce(list_has_any({{ list }}, {{ other }}), false) {%- endmacro %}

{#- An aggregate: the elements of all lists of a group, each once. -#}
{% macro all_of_lists(list) -%} list_distinct(flatten(list({{ list }}))) {%- endmacro %}
