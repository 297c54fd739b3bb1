{#- SQL on a web event e: who it is of, one value for each known person, else for each browser, else for each visit. -#}
{% macro web_visitor() -%}
    {{
        hashed(
            [
                "coalesce(e.person_system || ':' || e.person_key, 'visitor:' || e.visitor_key, 'visit:' || e.session_key, "
                ~ "'row:' || e.source_system || ':' || e.source_key)"
            ]
        )
    }}
{%- endmacro %}
