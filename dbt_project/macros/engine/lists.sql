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

{#- An aggregate: the different values of a group as one text, in the order of the alphabet; null where there is none. -#}
{% macro listed_once(value) -%} {{ return(adapter.dispatch("listed_once", "kundbild")(value)) }} {%- endmacro %}
{% macro default__listed_once(value) -%} string_agg(distinct {{ value }}, ', ' order by {{ value }}) {%- endmacro %}
{% macro spark__listed_once(value) -%}
    nullif(array_join(sort_array(collect_set({{ value }})), ', '), '')
{%- endmacro %}

{#- SQL: whether a list has no element, or is null. -#}
{% macro is_empty_list(list) -%} {{ return(adapter.dispatch("is_empty_list", "kundbild")(list)) }} {%- endmacro %}
{% macro default__is_empty_list(list) -%} coalesce(len({{ list }}) = 0, true) {%- endmacro %}
{% macro spark__is_empty_list(list) -%} coalesce(size({{ list }}) <= 0, true) {%- endmacro %}

{#- SQL: whether a list has a value among its elements. -#}
{% macro has_element(list, value) -%}
    {{ return(adapter.dispatch("has_element", "kundbild")(list, value)) }}
{%- endmacro %}
{% macro default__has_element(list, value) -%} coalesce(list_contains({{ list }}, {{ value }}), false) {%- endmacro %}
{% macro spark__has_element(list, value) -%} coalesce(array_contains({{ list }}, {{ value }}), false) {%- endmacro %}

{#- A relation with a row for each whole number from 0 up to what a query gives, which is then called `each`. -#}
{% macro numbers_up_to(query) -%} {{ return(adapter.dispatch("numbers_up_to", "kundbild")(query)) }} {%- endmacro %}
{% macro default__numbers_up_to(query) -%} (select unnest(range(0, ({{ query }}) + 1)) as each) {%- endmacro %}
{% macro spark__numbers_up_to(query) -%}(select explode(sequence(0, ({{ query }}))) as each) {%- endmacro %}

{#- A relation with a row for each part of a text between blanks, which is then called `word`, with its `position`. -#}
{% macro each_word_of(relation, text) -%}
    {{ return(adapter.dispatch("each_word_of", "kundbild")(relation, text)) }}
{%- endmacro %}
{% macro default__each_word_of(relation, text) -%}
    (
        select *, unnest(words) as word, generate_subscripts(words, 1) as position
        from (select *, string_split({{ text }}, ' ') as words from {{ relation }})
    )
{%- endmacro %}
{% macro spark__each_word_of(relation, text) -%}
    (select *, e.col as word, e.pos as position from {{ relation }} lateral view posexplode(split({{ text }}, ' ')) e)
{%- endmacro %}
