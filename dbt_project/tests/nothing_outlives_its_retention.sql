{{ config(meta={"dagster": {"ref": {"name": "books"}}}) }}

-- No row is older than the days of its category (seed data_categories). People stay while anything is heard of them;
-- rows of whoever is under a legal hold (identity.held_records) stay until it ends. In doubt a number is theirs
{% set held = source("identity", "held_records") %}
{% set people = ref("conformed_people") %}
{% set visits = ref("conformed_web_sessions") %}
{% set categories = ref("data_categories") %}
{% for entity in var("feeds") %}
    {% set model = ref("conformed_" ~ entity) %}
    {% set node = graph.nodes["model." ~ project_name ~ ".conformed_" ~ entity] if execute else none %}
    {% set meta = node.config.meta if node else {} %}
    {% set said = meta.get("retention", {}) %}
    {% if said.get("happened_at") and entity != "people" and not said.get("while_known") %}
        select '{{ entity }}' as entity, e.source_system, e.source_key
        from {{ model }} e
        where
            coalesce(greatest({{ said.happened_at | join(", ") }}), extracted_at) < (
                select {{ days_before(as_of(), var("retention_days").get(said.category, "retention_days")) }}
                from {{ categories }}
                where category = '{{ said.category }}'
            )
            {% if "person_key" in node.columns %}
                and not exists (
                    select 1 from {{ held }} h where h.source_system = e.person_system and h.source_key = e.person_key
                )
            {% endif %}
            {% if "contact_point" in node.columns %}
                and not exists (
                    select 1
                    from {{ held }} h
                    join {{ people }} p on p.source_system = h.source_system and p.source_key = h.source_key
                    where {{ email_key("p.email") }} = {{ email_key("e.contact_point") }}
                )
                and not exists (
                    select 1
                    from {{ held }} h
                    join {{ people }} p on p.source_system = h.source_system and p.source_key = h.source_key
                    where
                        right({{ letters_and_digits("p.phone") }}, 7)
                        = right({{ letters_and_digits("e.contact_point") }}, 7)
                )
            {% endif %}
            {% if "visitor_key" in node.columns %}
                and not exists (
                    select 1
                    from {{ held }} h
                    join {{ visits }} v on v.person_system = h.source_system and v.person_key = h.source_key
                    where v.source_system = e.source_system and v.visitor_key = e.visitor_key
                )
            {% endif %}
            {% if meta.get("is_kept") %} and person_key is not null {% endif %}
            {% for column, values in said.get("only", {}).items() %}
                and {{ column }} in ('{{ values | join("', '") }}')
            {% endfor %}
        union all
    {% endif %}
{% endfor %}
select entity, source_system, '' as source_key
from {{ ref("books") }}
where false
