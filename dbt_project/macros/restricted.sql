{#- SQL: customers whose data are restricted (Art. 18): stored, and in no mart. -#}
{% macro restricted_customers() -%}
    (
        select s.customer_id
        from {{ source("identity", "restrictions") }} r
        join
            {{ source("identity", "customer_source_records") }} s
            on s.source_system = r.source_system
            and s.source_key = r.source_key
            and s.valid_to is null
    )
{%- endmacro %}

{#- SQL on a customer's id: whether it is not restricted. An empty id is nobody's. -#}
{% macro is_free(customer_id) -%}
    not exists (select 1 from {{ restricted_customers() }} r where r.customer_id = {{ customer_id }})
{%- endmacro %}

{#- SQL on the system and key of a record: whether it is of nobody who is restricted. -#}
{% macro is_of_somebody_free(system="e.person_system", key="e.person_key") -%}
    not exists (
        select 1
        from {{ source("identity", "customer_source_records") }} t
        where
            t.source_system = {{ system }}
            and t.source_key = {{ key }}
            and t.valid_to is null
            and t.customer_id in {{ restricted_customers() }}
    )
{%- endmacro %}
