{#- One audience of the seed audience_rules: permission for exactly its purpose and channel, and nobody that the law keeps out. -#}
{% macro audience(name) -%}
    select customer_id, contact_point, given_name, country_code, purpose, channel, deciding_event
    from ({{ audience_candidates() }}) c
    where
        c.audience = '{{ name }}'
        and c.is_permitted
        and c.left_out is null
        -- a second lock: what was said, apart from what closes a channel today. Bare names would be the history's own
        and {{ permission_as_of("c.purpose", "c.channel", as_of()) }}
{%- endmacro %}

{#-
    Whoever matches the rule of an audience, with the permission if there is one, and the code of the reason by which the law keeps
    them out whatever they said. One row per audience and customer. Who is restricted (Art. 18) is in no mart, and not here.
-#}
{% macro audience_candidates() -%}
    select
        a.audience,
        a.purpose,
        a.channel,
        c.customer_id,
        c.given_name,
        c.country_code,
        p.contact_point,
        p.deciding_event,
        coalesce(p.is_permitted, false) as is_permitted,
        -- who has no row there never said anything of it
        coalesce(p.reason_code, 'never_said') as reason_code,
        p.reason,
        case
            when c.is_deceased
            then 'deceased'
            when c.is_protected
            then 'protected_identity'
            when c.is_minor_or_unknown_age and c.birth_date is not null
            then 'under_age'
            when c.has_impossible_birth_date
            then 'impossible_birth_date'
            when c.is_minor_or_unknown_age and not {{ unknown_age_is_adult("a.purpose") }}
            then 'unknown_age'
            -- choosing by behaviour is profiling
            when
                (a.min_days_since_order is not null or a.max_days_since_order is not null)
                and u.is_marketing
                and {{ refuses_profiling("c.customer_id") }}
            then 'denied_profiling'
        end as left_out
    from {{ ref("audience_rules") }} a
    join {{ ref("purposes") }} u on u.purpose = a.purpose
    cross join {{ ref("dim_customers") }} c
    join {{ ref("customer_360") }} t on t.customer_id = c.customer_id
    left join
        {{ ref("contact_permissions") }} p
        on p.customer_id = c.customer_id
        and p.purpose = a.purpose
        and p.channel = a.channel
    where
        (a.min_days_since_order is null or {{ days_between("t.last_ordered_at", as_of()) }} >= a.min_days_since_order)
        and (
            a.max_days_since_order is null or {{ days_between("t.last_ordered_at", as_of()) }} <= a.max_days_since_order
        )
        -- nobody who may not be profiled is in a segment; a scheme without its segment is nobody's
        and (
            a.scheme is null
            and a.segment is null
            or exists (
                select 1
                from {{ ref("customer_segments") }} s
                where s.customer_id = c.customer_id and s.scheme = a.scheme and s.segment = a.segment
            )
        )
{%- endmacro %}

{#- SQL on a purpose: whether whose age is not known counts as an adult ([privacy] unknown_age). -#}
{% macro unknown_age_is_adult(purpose) -%}
    {%- set adult = var("unknown_age_is_adult") -%}
    {%- if "all" in adult -%} true
    {%- elif adult -%} {{ purpose }} in ('{{ adult | join("', '") }}')
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}

{#-
    SQL on a customer's id: whether they are not to be profiled: the last word on it, on any channel, was no (Art. 21), or they gave
    a grant for it that does not count, as one that has expired. Who was never asked is profiled, by legitimate interest.
    Registers are no word.
-#}
{% macro refuses_profiling(customer_id) -%}
    exists (
        select 1
        from {{ ref("contact_permissions") }} r
        where
            r.customer_id = {{ customer_id }}
            and r.purpose = 'profiling'
            and not r.is_permitted
            and not {{ is_closed_by_register("r.reason_code") }}
    )
{%- endmacro %}

{#- SQL on a row of dim_customers: whether anything may be inferred of them (Art. 21); of protected people and of the dead nothing is. -#}
{% macro may_be_profiled(c) -%}
    not {{ refuses_profiling(c ~ ".customer_id") }}
    and not coalesce({{ c }}.is_protected, false)
    and not coalesce({{ c }}.is_deceased, false)
{%- endmacro %}

{#-
    SQL on a customer's id: whether anything may be inferred of them. For models whose purpose may not read registers: customer_profile has
    whom may_be_profiled lets through.
-#}
{% macro is_profiled(customer_id) -%}
    {{ customer_id }} in (select f.customer_id from {{ ref("customer_profile") }} f)
{%- endmacro %}

{#-
    SQL on a reason_code of contact_permissions: whether a public register closes the channel, or cannot be asked. Exports ask it
    too (orchestration/contracts/reasons.py).
-#}
{% macro is_closed_by_register(reason_code) -%}
    coalesce(
        {{ reason_code }}
        in (select reason_code from {{ ref("permission_reasons") }} where kind = 'closed_by_register'),
        false
    )
{%- endmacro %}
