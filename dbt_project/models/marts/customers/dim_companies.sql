{#- a later delivery wins; the key breaks ties, so that a rerun gives the same answer -#}
{%- set newest = packed(["extracted_at", "record_key"]) -%}

with
    records as (
        select
            b.company_id,
            c.*,
            b.source_system || ':' || b.source_key as record_key,
            coalesce(p.person_count, 0) as person_count
        from {{ ref("bridge_company_source_records") }} b
        join {{ ref("conformed_companies") }} c on c.source_system = b.source_system and c.source_key = b.source_key
        left join
            (
                select source_system, company_key, count(*) as person_count
                from {{ ref("conformed_people") }}
                where deleted_at is null and company_key is not null
                group by source_system, company_key
            ) p
            on p.source_system = c.source_system
            and p.company_key = c.source_key
    )
select
    company_id,
    {{ latest("name", newest) }} filter (name is not null) as name,
    {{ latest("registration_number", newest) }} filter (registration_number is not null) as registration_number,
    {{ latest("industry", newest) }} filter (industry is not null) as industry,
    {{ latest("country_code", newest) }} filter (country_code is not null) as country_code,
    count(*) as source_record_count,
    cast(sum(person_count) as bigint) as person_record_count
from records
group by company_id
