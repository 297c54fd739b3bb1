{#- Standing entries of address registers that have come into effect by the night, with their match keys: all given names as a list. -#}
{% macro register_entries() -%}
    select
        *,
        {{ given_keys("given_name") }} as given_keys,
        {{ joined_key("family_name") }} as family_key,
        {{ plausible_birth("birth_date", "cast(" ~ as_of() ~ " as date)") }} as born_on,
        {{ postal_key("postal_code", country_code("country_code")) }} as postal_key,
        {{ words_key("street") }} as street_key
    from {{ ref("conformed_address_updates") }}
    where deleted_at is null and birth_date is not null and effective_on <= cast({{ as_of() }} as date)
{%- endmacro %}

{#-
    CTEs of every address that a record or an address register says of a customer, up to the night: `addresses_told` has
    customer_id, postal_key, street_key, told_on, is_dated, told_by (system), is_register. A record tells it on the day of its last
    change, or, where it says none (not is_dated), of its last reading, a register on the day from which it holds. An entry of protected identity tells none, as in golden_records.
-#}
{% macro addresses_told() -%}
    register_entry as ({{ register_entries() }}),
    people_told as (
        select
            n.customer_id,
            n.postal_key,
            n.street_key,
            cast(coalesce(p.updated_at, p.created_at, p.extracted_at) as date) as told_on,
            coalesce(p.updated_at, p.created_at) is not null as is_dated,
            p.source_system as told_by,
            n.birth_date,
            {{ words_key("p.given_name") }} as given_key,
            {{ joined_key("p.family_name") }} as family_key
        from ({{ normalised_records() }}) n
        join
            {{ ref("conformed_people") }} p
            on p.source_system = n.source_system
            and p.source_key = n.source_key
            and p.deleted_at is null
    ),
    addresses_told as (
        select customer_id, postal_key, street_key, told_on, is_dated, told_by, false as is_register
        from people_told
        where postal_key is not null and told_on <= cast({{ as_of() }} as date)
        union all
        select distinct p.customer_id, r.postal_key, r.street_key, r.effective_on, true, r.source_system, true
        from people_told p
        join
            {{ each_of("register_entry", "given_keys", "given_key") }} r
            on r.born_on = p.birth_date
            and r.given_key = p.given_key
            and r.family_key = p.family_key
        where r.postal_key is not null and r.street_key is not null and not coalesce(r.is_protected, false)
    )
{%- endmacro %}
