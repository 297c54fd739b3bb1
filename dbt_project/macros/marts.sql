{#- A fact with one row per conformed row: incremental, and rid of rows that were deleted or quarantined since. -#}
{% macro fact_config(entity) -%}
    {%- do ref("quarantined_rows") -%}  {#- the hook reads it, and dbt sees only what is named while it parses -#}
    {{
        config(
            materialized="incremental",
            incremental_strategy="delete+insert",
            unique_key=["source_system", "source_key"],
            pre_hook="{{ forget_gone('" ~ entity ~ "') }}",
        )
    }}
{%- endmacro %}

{#- Joins the customer whose a row's person is by now, as `s`; the row is `e`. -#}
{% macro join_customer() -%}
    left join
        {{ ref("bridge_customer_source_records") }} s
        on s.source_system = e.person_system
        and s.source_key = e.person_key
        and s.valid_to is null
{%- endmacro %}

{#- A select of the source records that customers have by now, with their match keys: customer_id, and the columns of normalised_people. -#}
{% macro normalised_records() -%}
    select b.customer_id, n.*
    from {{ ref("bridge_customer_source_records") }} b
    join
        {{ source("identity", "normalised_people") }} n
        on n.source_system = b.source_system
        and n.source_key = b.source_key
    where b.valid_to is null
{%- endmacro %}

{% macro forget_gone(entity) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            (source_system, source_key) in (
                select source_system, source_key
                from {{ ref("conformed_" ~ entity) }}
                where deleted_at is not null and load_id > (select coalesce(max(load_id), 0) from {{ this }})
                union all
                select source_system, source_key
                from {{ ref("quarantined_rows") }}
                where entity = '{{ entity }}'
            )
            {%- for system in systems_that_lose_keys(entity) %}
                or (
                    source_system = '{{ system }}'
                    and source_key not in (
                        select source_key from {{ ref("conformed_" ~ entity) }} where source_system = '{{ system }}'
                    )
                )
            {%- endfor %}
    {%- else -%} select 1
    {%- endif -%}
{%- endmacro %}

{#- Rows of newer loads, and rows whose person now belongs to another customer. Expects e (entity) and s (bridge). -#}
{% macro changed_since_last_run(or_else="") -%}
    {%- if is_incremental() %}
        and (
            e.load_id > (select coalesce(max(load_id), 0) from {{ this }})
            or (e.source_system, e.source_key) in (
                select t.source_system, t.source_key
                from {{ this }} t
                left join
                    {{ ref("bridge_customer_source_records") }} n
                    on n.source_system = t.person_system
                    and n.source_key = t.person_key
                    and n.valid_to is null
                where t.customer_id is distinct from n.customer_id
            )
            {{ or_else }}
        )
    {%- endif %}
{%- endmacro %}
