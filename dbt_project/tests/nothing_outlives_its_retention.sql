{{ config(meta={"dagster": {"ref": {"name": "books"}}}) }}

-- No row is older than the days of its category (seed data_categories). People stay while anything is heard of them.
{% set categories = ref("data_categories") %}
{% for entity in var("feeds") %}
    {% set model = ref("conformed_" ~ entity) %}
    {% set node = graph.nodes["model." ~ project_name ~ ".conformed_" ~ entity] if execute else none %}
    {% set said = node.config.meta.get("retention", {}) if node else {} %}
    {% if said.get("happened_at") and entity != "people" and not said.get("while_known") %}
        select '{{ entity }}' as entity, source_system, source_key
        from {{ model }}
        where
            coalesce(greatest({{ said.happened_at | join(", ") }}), extracted_at) < (
                select {{ days_before(as_of(), var("retention_days").get(said.category, "retention_days")) }}
                from {{ categories }}
                where category = '{{ said.category }}'
            )
            {% if said.get("is_kept") %} and person_key is not null {% endif %}
            {% for column, values in said.get("only", {}).items() %}
                and {{ column }} in ('{{ values | join("', '") }}')
            {% endfor %}
        union all
    {% endif %}
{% endfor %}
select entity, source_system, '' as source_key
from {{ ref("books") }}
where false
