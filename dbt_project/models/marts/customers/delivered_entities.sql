{#- Of people, what only records of some say: without a record of anybody who has it, no source delivers it. -#}
{%- set parts = {
    "addresses": "p.street is not null or p.postal_code is not null",
    "club_members": "p.kind = 'club member'",
    "employers": "p.company_key is not null",
} %}
{#- part → the entity that tells of it too -#}
{%- set told_by = {"employers": "companies"} %}
with
    fed as (
        -- raw tables that the configuration makes an entity of
        select
            cast(null as varchar) as entity,
            cast(null as varchar) as system,
            cast(null as varchar) as source,
            cast(null as varchar) as table_name
        where false
        {%- for entity, systems in var("feeds").items() %}
            {%- for system in systems %}
                {%- for source, table in raw_tables_of(system, entity) %}
                    union all
                    select '{{ entity }}', '{{ system }}', '{{ source }}', '{{ table }}'
                {%- endfor %}
            {%- endfor %}
        {%- endfor %}
    ),
    -- a table that came without a row came; so did one whose rows were all erased
    read_before as (select distinct source, table_name from {{ source("ops", "loads") }}),
    entities as (
        select
            e.entity,
            string_agg(distinct f.source, ', ' order by f.source) as source_systems,
            count(r.source) > 0 as is_read
        from
            (
                select cast(null as varchar) as entity
                where false
                {%- for entity in all_entities() %}
                    union all
                    select '{{ entity }}'
                {%- endfor %}
            ) e
        left join fed f on f.entity = e.entity
        left join read_before r on r.source = f.source and r.table_name = f.table_name
        group by e.entity
    ),
    said as (
        select
            p.source_system
            {%- for part, holds in parts.items() %}, coalesce(bool_or({{ holds }}), false) as {{ part }} {%- endfor %}
        from {{ ref("conformed_people") }} p
        group by p.source_system
    ),
    -- of people, the sources of which some record says it
    said_by as (
        {%- for part in parts %}
            select '{{ part }}' as entity, coalesce(f.source, s.source_system) as source
            from said s
            left join fed f on f.entity = 'people' and f.system = s.source_system
            where s.{{ part }}
            {% if part in told_by %}
                union all
                select '{{ part }}', f.source
                from fed f
                join entities e on e.entity = f.entity and e.is_read
                where f.entity = '{{ told_by[part] }}'
                {% endif %} {{ "union all" if not loop.last }}
        {%- endfor %}
    )
select entity, is_read as is_delivered, source_systems
from entities
{%- for part in parts %}
    union all
    select '{{ part }}', count(*) > 0, string_agg(distinct source, ', ' order by source)
    from said_by
    where entity = '{{ part }}'
{%- endfor %}
