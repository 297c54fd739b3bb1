{#-
    What customers said, as CTEs `owners` and `statements`: one row per customer, purpose, channel and statement. Grants are
    those of standing rows; withdrawals are the ledger's, whatever became of the row and of the record (identity.withdrawals).
    A withdrawal speaks for whoever has the contact point that it names, and for whoever was granted something on it.
    `effective_at` is from when a statement holds, `weighs_at` what puts it before or after others (first_moment). A grant
    that was given before a correction replaced its contact point expires with it (`corrected_at`). A grant of which nobody
    knows whether it came after a withdrawal is void: their times are of different clocks, and too near.
-#}
{% macro consent_statements(touched=none) -%}
    {%- set granted, withdrawn = (
        ("granted", "withdrawn")
        if touched
        else (
            ref("conformed_consent_events"),
            source("identity", "withdrawals"),
        )
    ) -%}
    {{ consent_owners(touched) }},
    -- whoever has, or had, a contact point that was withdrawn from. Where many withdrew, as from one that stands in for
    -- none, what was said is not told of each of them in full
    withdrawn_points as (
        select
            h.contact_point,
            b.customer_id,
            h.statements > {{ var("withdrawals_in_full") }} as is_of_many,
            bool_and(h.is_former) as is_former
        from {{ source("identity", "point_holders") }} h
        join owners b on b.source_system = h.person_system and b.source_key = h.person_key
        group by 1, 2, 3
    ),
    -- for whom a withdrawal of another record stands
    heirs as (
        select distinct h.gone_system, h.gone_key, b.customer_id
        from {{ source("identity", "heirs") }} h
        join owners b on b.source_system = h.person_system and b.source_key = h.person_key
    ),
    {%- if touched %}
        -- what they said, read once
        granted as (
            select e.*
            from {{ ref("conformed_consent_events") }} e
            where
                e.status = 'granted'
                and exists (
                    select 1 from owners b where b.source_system = e.person_system and b.source_key = e.person_key
                )
        ),
        withdrawn as (
            select e.*
            from {{ source("identity", "withdrawals") }} e
            where
                exists (select 1 from owners b where b.source_system = e.person_system and b.source_key = e.person_key)
                or exists (select 1 from withdrawn_points w where w.contact_point = e.contact_point)
                or exists (select 1 from heirs h where h.gone_system = e.person_system and h.gone_key = e.person_key)
        ),
    {%- endif %}
    {{ denied_by(withdrawn) }},
    {{ said_by_others(granted, withdrawn) }},
    told as (
        select
            b.customer_id,
            e.purpose,
            e.channel,
            'granted' as status,
            e.contact_point,
            -- a double opt-in counts from its confirmation
            coalesce(e.confirmed_at, e.stated_at) as effective_at,
            {{ first_moment("coalesce(e.confirmed_at, e.stated_at)") }} as weighs_at,
            e.confirmed_at,
            least(e.expires_at, v.ends_at) as expires_at,
            v.ends_at as corrected_at,
            e.wording_version,
            e.capture_source,
            e.legal_basis,
            e.source_system || ':' || e.source_key as event_key,
            v.contact_point is not null and v.ends_at is null as is_void,
            v.reason_code as void_code,
            case when e.is_zoneless then e.source_system end as clock
        from {{ granted }} e
        join owners b on b.source_system = e.person_system and b.source_key = e.person_key and b.is_standing
        left join
            {{ source("identity", "void_grants") }} v
            on v.contact_point = e.contact_point
            and v.person_system = e.person_system
            and v.person_key = e.person_key
            and (
                v.ends_at is null or {{ given_at() }} <= v.ends_at and coalesce({{ given_at() }} > v.given_after, true)
            )
        where e.status = 'granted' and e.deleted_at is null
        union all
        select
            customer_id,
            purpose,
            channel,
            'withdrawn',
            contact_point,
            effective_at,
            weighs_at,
            null,
            null,
            null,
            null,
            null,
            null,
            event_key,
            false,
            null,
            clock
        from
            (
                select
                    b.customer_id,
                    e.purpose,
                    e.channel,
                    e.contact_point,
                    e.effective_at,
                    e.weighs_at,
                    e.event_key,
                    e.clock
                from ({{ withdrawals(withdrawn) }}) e
                join owners b on b.source_system = e.person_system and b.source_key = e.person_key
                union all
                -- what was said here, by a command or a request; it stands for heirs as withdrawals do
                select
                    b.customer_id,
                    p.purpose,
                    c.channel,
                    null,
                    o.stated_at,
                    o.stated_at,
                    'kundbild:' || o.request_id,
                    null
                from {{ source("identity", "objections") }} o
                join
                    (
                        select w.source_system, w.source_key, w.customer_id
                        from owners w
                        -- few objected
                        where
                            exists (
                                select 1
                                from {{ source("identity", "objections") }} x
                                where x.source_system = w.source_system and x.source_key = w.source_key
                            )
                        union
                        select gone_system, gone_key, customer_id
                        from heirs
                    ) b
                    on b.source_system = o.source_system
                    and b.source_key = o.source_key
                join
                    {{ ref("purposes") }} p
                    on p.purpose = o.purpose
                    or o.purpose = 'all'
                    or coalesce(o.purpose, 'direct_marketing') = 'direct_marketing'
                    and p.is_marketing
                join {{ ref("channels") }} c on c.channel = o.channel or coalesce(o.channel, 'all') = 'all'
                union all
                select customer_id, purpose, channel, contact_point, effective_at, weighs_at, event_key, clock
                from said_by_others
            )
    ),
    {{ doubted_grants() }},
    statements as (
        select
            t.customer_id,
            t.purpose,
            t.channel,
            t.status,
            t.contact_point,
            t.effective_at,
            t.weighs_at,
            t.confirmed_at,
            t.expires_at,
            t.corrected_at,
            t.wording_version,
            t.capture_source,
            t.legal_basis,
            t.event_key,
            t.is_void or d.event_key is not null as is_void,
            t.void_code
        from told t
        left join
            doubted d
            on d.customer_id = t.customer_id
            and d.purpose = t.purpose
            and d.channel = t.channel
            and d.event_key = t.event_key
    )
{%- endmacro %}

{#-
    SQL on a grant e: when it was given, as early as may be: what was asked for before a correction is not given after it by a
    second click that may be somebody else's.
-#}
{% macro given_at() -%}
    {{ first_moment("least(e.stated_at, e.confirmed_at)") }}
    - {{ earlier_by("case when e.is_zoneless then e.source_system end") }}
{%- endmacro %}
