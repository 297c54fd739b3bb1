{#- SQL: records of whoever's data are restricted (Art. 18): stored, and in no mart. -#}
{% macro restricted_records() -%}
    (
        select distinct t.source_system, t.source_key
        from {{ source("identity", "restrictions") }} r
        join
            {{ source("identity", "customer_source_records") }} s
            on s.source_system = r.source_system
            and s.source_key = r.source_key
            and s.valid_to is null
        join
            {{ source("identity", "customer_source_records") }} t
            on t.customer_id = s.customer_id
            and t.valid_to is null
    )
{%- endmacro %}

{#- SQL on a customer's id: whether it is not restricted. An empty id is nobody's. -#}
{% macro is_free(customer_id) -%}
    not exists (
        select 1
        from {{ source("identity", "restrictions") }} r
        join
            {{ source("identity", "customer_source_records") }} s
            on s.source_system = r.source_system
            and s.source_key = r.source_key
            and s.valid_to is null
        where s.customer_id = {{ customer_id }}
    )
{%- endmacro %}

{#- SQL on a conformed row e: whether it is of nobody who is restricted. -#}
{% macro is_of_somebody_free() -%}
    not exists (
        select 1
        from {{ restricted_records() }} r
        where r.source_system = e.person_system and r.source_key = e.person_key
    )
{%- endmacro %}
