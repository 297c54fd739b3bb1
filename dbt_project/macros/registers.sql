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

{#- Whether a number is written as a spreadsheet shows a long one (4.67044E+10): its last digits are lost. -#}
{% macro is_spreadsheet_number(written) -%}
    coalesce(regexp_full_match(trim({{ written }}), '[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+'), false)
{%- endmacro %}

{#- Registers that list no numbers: they are asked by name and address for every channel. -#}
{% macro registers_by_address() -%}
    select register from {{ source("identity", "reservation_keys") }} group by register having max(len(denies)) = 0
{%- endmacro %}

{#- Countries and channels whose register is missing, too old or shrunk, and which: (country_code, channel, register, reason_code). -#}
{% macro unknown_registers() -%}
    select
        r.country_code,
        r.channel,
        min(r.register) as register,
        {{
            earliest(
                "case when s.is_shrunk then 'register_shrunk' when v.is_broken then 'register_digits_lost' else 'register_missing_or_old' end",
                "r.register",
            )
        }}
        as reason_code
    from {{ ref("register_rules") }} r
    left join
        (
            select
                register,
                max(version_on) as version_on,
                max(case when {{ is_spreadsheet_number("phone") }} then 1 else 0 end) = 1 as is_broken
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
            coalesce({{ days_between("v.version_on", as_of()) }} not between -1 and r.max_age_days, true)
            or s.is_shrunk
            or v.is_broken
        )
    group by 1, 2
{%- endmacro %}

{#-
    What registers are asked with, as CTEs: `owned` records with their keys, `granted` contact points, and `addresses`
    (customer_id, contact_point, family_forms, postal_key, street_marks) of both; `contact_point` is null for a record's own.
-#}
{% macro asked_of_registers() -%}
    owned as ({{ normalised_records() }}),
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
            {{ alike_forms("family_key") }} as family_forms,
            postal_key,
            {{ street_marks("street_key") }} as street_marks
        from written_addresses
    )
{%- endmacro %}

{#- A date as address registers write it: 1988-09-19, 19880919, 19.09.1988. -#}
{% macro register_date(written) -%}
    coalesce(
        {{ as_date(written) }},
        cast({{ parsed_time("trim(" ~ written ~ ")", ["%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y"]) }} as date)
    )
{%- endmacro %}

{#- What an address register tells, whichever source delivers it. -#}
{% macro address_columns() -%}
    entry_id as source_key,
    given_name,
    family_name,
    {{ register_date("birth_date") }} as birth_date,
    street,
    postal_code,
    city,
    country_code,
    {{ register_effective_on() }} as effective_on,
    {{ is_told("is_protected") }} as is_protected,
    {{ is_told("is_deceased") }} as is_deceased
{%- endmacro %}

{#- Whether an address register tells so: in doubt yes. J, Ja, X, 1, true; not what is empty or plainly no. -#}
{% macro is_told(column) -%}
    coalesce(
        lower(trim(cast({{ column }} as varchar))) not in ('', 'false', 'f', '0', 'n', 'no', 'nej', 'nei', 'ei', 'e'),
        false
    )
{%- endmacro %}

{#- Since when an entry holds; a protected identity or a death without a readable date since it was delivered. -#}
{% macro register_effective_on() -%}
    coalesce(
        {{ known_time(register_date("effective_on")) }},
        case when {{ is_told("is_protected") }} or {{ is_told("is_deceased") }} then cast(_extracted_at as date) end
    )
{%- endmacro %}
