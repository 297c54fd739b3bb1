{#-
    A table or a view is made anew under its own name in one transaction: who reads the warehouse sees the old one or the new
    one. dbt's own are built beside it, asked for indexes and foreign keys, which no model here has, and renamed twice.
-#}
{% materialization table, adapter = "duckdb", supported_languages = ["sql"] %}
    {{ return(made_anew("table")) }}
{% endmaterialization %}

{% materialization view, adapter = "duckdb", supported_languages = ["sql"] %}
    {{ return(made_anew("view")) }}
{% endmaterialization %}

{% macro made_anew(type) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type=type) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement("main") -%}
        {%- if existing is not none %}
            drop {{ existing.type }} {{ existing }};
        {% endif -%}
        {{ create_table_as(False, target, sql) if type == "table" else create_view_as(target, sql) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target]}) }}
{%- endmacro %}
