{#- source_key, register and version_on of a row of a register's own file: it has no key, and its name tells the version. -#}
{% macro register_entry(register, columns) -%}
    '{{ register }}-' || cast({{ hashed(columns) }} as varchar) as source_key,
    '{{ register }}' as register,
    (
        select max({{ date_in("file") }})
        from {{ source("ops", "loaded_files") }}
        where source = 'registers' and table_name = '{{ register }}'
    ) as version_on
{%- endmacro %}

{#- Whom the Norwegian register closes which channel to: to charities by a choice of its own. -#}
{% macro norwegian_phone() -%}
    coalesce({{ "humanitaere" if var("is_charity") else "telefonsalg" }}, 'J') = 'J'
{%- endmacro %}
{% macro norwegian_post() -%}
    coalesce({{ "humanitaere" if var("is_charity") else "adressert_reklame" }}, 'J') = 'J'
{%- endmacro %}
{% macro norwegian_reserves() -%}({{ norwegian_phone() }} or {{ norwegian_post() }}) {%- endmacro %}

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
    Of customers (customer_id, country_code): to whom phone or post is closed because nobody can ask a register of their
    country, which is not known or has no rule. (customer_id, channel, reason).
-#}
{% macro without_register(customers) -%}
    select
        c.customer_id,
        r.channel,
        case
            when c.country_code is null
            then 'the country, and with it the register, is not known'
            else 'no register of the country is known'
        end as reason
    from {{ customers }} c
    cross join
        (
            select 'phone' as channel
            union all
            select 'post'
        ) r
    left join
        (select distinct country_code, channel from {{ ref("register_rules") }}) k
        on k.country_code = c.country_code
        and k.channel = r.channel
    where k.channel is null
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
