{#-
    Every value is a code of the seed permission_reasons, or, where `or_none` says so, empty text. The seed is not named by ref():
    it is built in an earlier part of the night than the models, and a test of both would run there, on last night's table.
-#}
{% test known_reason_code(model, column_name, or_none=false) %}
    {%- if execute %}
        select {{ column_name }}
        from {{ model }}
        where
            {{ column_name }} not in (
                select reason_code from {{ graph.nodes["seed." ~ project_name ~ ".permission_reasons"].relation_name }}
            )
            {% if or_none -%} and {{ column_name }} != '' {%- endif %}
    {%- endif %}
{% endtest %}
