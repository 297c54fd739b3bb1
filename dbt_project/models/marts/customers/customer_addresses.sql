{#- what a system says by its newest word; a system that says two addresses on one day agrees -#}
{%- set order = packed(["told_on", "is_same"]) -%}
with
    {{ addresses_told() }},
    -- the address of protected people and of the dead is in no mart
    chosen as (
        select
            customer_id,
            {{ postal_key("postal_code", "country_code") }} as postal_key,
            {{ words_key("street") }} as street_key
        from {{ ref("dim_customers") }}
        where postal_code is not null
    ),
    compared as (
        select
            c.customer_id,
            t.told_on,
            t.told_by,
            coalesce(t.postal_key = c.postal_key and t.street_key is not distinct from c.street_key, false) as is_same
        from chosen c
        join addresses_told t on t.customer_id = c.customer_id and {{ has_come("t.told_on") }}
    ),
    by_system as (
        select
            customer_id,
            told_by,
            max(told_on) filter (is_same) as confirmed_on,
            {{ latest("is_same", order) }} as is_same
        from compared
        group by customer_id, told_by
    ),
    confirmed as (
        select
            customer_id,
            max(confirmed_on) as address_confirmed_on,
            {{ latest("told_by", packed(["confirmed_on", "told_by"])) }} filter (
                confirmed_on is not null
            ) as address_confirmed_by,
            count(confirmed_on) as address_source_count
        from by_system
        group by customer_id
    ),
    disagreeing as (
        select customer_id, {{ listed_once("told_by") }} as address_disagreeing_systems
        from by_system
        where not is_same
        group by customer_id
    )
select
    c.customer_id,
    f.address_confirmed_on,
    f.address_confirmed_by,
    coalesce(f.address_source_count, 0) as address_source_count,
    g.address_disagreeing_systems
from chosen c
left join confirmed f on f.customer_id = c.customer_id
left join disagreeing g on g.customer_id = c.customer_id
