{#- source_key, register and version_on of a row of a register's own file: it has no key, and its name tells the version. -#}
{% macro register_entry(register, columns) -%}
    '{{ register }}-' || cast({{ hashed(columns) }} as varchar) as source_key,
    '{{ register }}' as register,
    (
        -- the folder of a delivery may have another date: it counts where the file's own name has none
        select max(coalesce({{ date_in(file_name("file")) }}, {{ date_in("file") }}))
        from {{ source("ops", "loaded_files") }}
        where source = 'registers' and table_name = '{{ register }}'
    ) as version_on
{%- endmacro %}

{#- Whom the Norwegian register closes which channel to: to charities by a choice of its own. -#}
{% macro norwegian_phone() -%} {{ is_chosen("humanitaere" if var("is_charity") else "telefonsalg") }} {%- endmacro %}
{% macro norwegian_post() -%}
    {{ is_chosen("humanitaere" if var("is_charity") else "adressert_reklame") }}
{%- endmacro %}
{#- SQL: whatever is no plain N: in doubt the channel is closed. -#}
{% macro is_chosen(column) -%} coalesce(upper(trim({{ column }})) not in ('N', 'NEI', 'NO'), true) {%- endmacro %}
{% macro norwegian_reserves() -%}({{ norwegian_phone() }} or {{ norwegian_post() }}) {%- endmacro %}

{#- Registers that list no numbers: they are asked by name and address for every channel. -#}
{% macro registers_by_address() -%}
    select register from {{ source("identity", "reservation_keys") }} group by register having max(len(denies)) = 0
{%- endmacro %}

{#- Countries and channels whose register is missing, too old or shrunk, and which: (country_code, channel, register). -#}
{% macro unknown_registers() -%}
    select
        r.country_code,
        r.channel,
        min(
            r.register || case when s.is_shrunk then ' shrank by more than it may' else ' is missing or too old' end
        ) as register
    from {{ ref("register_rules") }} r
    left join
        (
            select register, max(version_on) as version_on
            from {{ ref("conformed_reservations") }}
            where deleted_at is null
            group by register
        ) v
        on v.register = r.register
    left join
        {{ source("identity", "register_versions") }} s
        on s.register = v.register
        and s.version_on = v.version_on
        and s.is_shrunk
    -- a version of tomorrow is none of today; a rule that names no register says that the country needs none
    where
        r.register is not null
        and (
            coalesce({{ days_between("v.version_on", as_of()) }} not between -1 and r.max_age_days, true) or s.is_shrunk
        )
    group by 1, 2
{%- endmacro %}

{#-
    What registers are asked with, as CTEs: `owned` records with their keys, `granted` contact points, and `addresses`
    (customer_id, contact_point, family_forms, postal_key, street_marks) of both; `contact_point` is null for a record's own.
-#}
{% macro asked_of_registers() -%}
    owned as (
        select b.customer_id, n.*
        from {{ ref("bridge_customer_source_records") }} b
        join
            {{ source("identity", "normalised_people") }} n
            on n.source_system = b.source_system
            and n.source_key = b.source_key
        where b.valid_to is null
    ),
    granted as (
        select o.customer_id, o.country_code, o.family_key, e.contact_point, e.channel
        from {{ ref("conformed_consent_events") }} e
        join owned o on o.source_system = e.person_system and o.source_key = e.person_key
        where e.deleted_at is null and e.status = 'granted' and e.contact_point is not null
    ),
    written_addresses as (
        select customer_id, null as contact_point, family_key, postal_key, street_key
        from owned
        where postal_key is not null
        union
        select customer_id, contact_point, family_key, postal_key, {{ words_key("contact_point") }}
        from
            {{
                each_of(
                    "(select *, " ~ postal_keys_in("contact_point") ~ " as postal_keys from granted)",
                    "postal_keys",
                    "postal_key",
                )
            }} g
        where channel = 'post'
    ),
    addresses as (
        select
            customer_id,
            contact_point,
            {{ name_forms("family_key") }} as family_forms,
            postal_key,
            {{ street_marks("street_key") }} as street_marks
        from written_addresses
    )
{%- endmacro %}

{#- What an address register tells, whichever source delivers it. -#}
{% macro address_columns() -%}
    entry_id as source_key,
    given_name,
    family_name,
    {{ as_date("birth_date") }} as birth_date,
    street,
    postal_code,
    city,
    country_code,
    {{ as_date("effective_on") }} as effective_on,
    is_protected,
    is_deceased
{%- endmacro %}
