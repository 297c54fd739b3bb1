{#-
    The customer of each record, as CTE `owners`: the one that has it, or had it last. With `touched`, a table of ids, theirs
    only.
-#}
{% macro consent_owners(touched=none) -%}
    owners as (
        select coalesce(r.customer_id, b.customer_id) as customer_id, b.source_system, b.source_key, b.is_standing
        from
            (
                select customer_id, source_system, source_key, true as is_standing
                from {{ ref("bridge_customer_source_records") }}
                where valid_to is null
                union all
                select
                    {{ latest("g.customer_id", packed(["g.valid_from", "g.customer_id"])) }},
                    g.source_system,
                    g.source_key,
                    false
                from {{ ref("bridge_customer_source_records") }} g
                left join
                    {{ ref("bridge_customer_source_records") }} s
                    on s.source_system = g.source_system
                    and s.source_key = g.source_key
                    and s.valid_to is null
                where g.valid_to is not null and s.source_key is null
                group by g.source_system, g.source_key
            ) b
        left join {{ ref("customer_id_redirects") }} r on r.old_customer_id = b.customer_id
        {%- if touched %}
            where coalesce(r.customer_id, b.customer_id) in (select customer_id from {{ touched }})
        {%- endif %}
    )
{%- endmacro %}

{#-
    What customers said, as CTEs `owners` and `statements`: one row per customer, purpose, channel and statement. A record
    that is gone at its source speaks on for the customer that had it last, where it withdrew: that outlives the record.
    A withdrawal speaks for whoever has the contact point that it names, too.
-#}
{% macro consent_statements(touched=none) -%}
    {{ consent_owners(touched) }},
    -- whoever has a contact point that was withdrawn from, whatever record said so, or none
    withdrawn_points as (
        select w.contact_point, b.customer_id
        from {{ source("identity", "withdrawn_points") }} w
        join {{ source("identity", "normalised_people") }} n on n.email_key = w.email_key
        join owners b on b.source_system = n.source_system and b.source_key = n.source_key
        union
        select w.contact_point, b.customer_id
        from {{ source("identity", "withdrawn_points") }} w
        join {{ source("identity", "normalised_people") }} n on n.phone_key = w.phone_key
        join owners b on b.source_system = n.source_system and b.source_key = n.source_key
    ),
    email_said as (
        select b.customer_id, e.*
        from {{ ref("conformed_email_events") }} e
        join owners b on b.source_system = e.person_system and b.source_key = e.person_key
        where e.kind in ('unsubscribed', 'complained') and e.deleted_at is null
        union all
        select w.customer_id, e.*
        from {{ ref("conformed_email_events") }} e
        join withdrawn_points w on w.contact_point = e.contact_point
        left join owners b on b.source_system = e.person_system and b.source_key = e.person_key
        where
            e.kind in ('unsubscribed', 'complained')
            and e.deleted_at is null
            and w.customer_id is distinct from b.customer_id
    ),
    {%- if touched %}
        -- what they said, read once
        ledger as (
            select e.*
            from {{ ref("conformed_consent_events") }} e
            where
                exists (select 1 from owners b where b.source_system = e.person_system and b.source_key = e.person_key)
                or (
                    e.status = 'withdrawn'
                    and exists (select 1 from withdrawn_points w where w.contact_point = e.contact_point)
                )
        ),
    {%- endif %}
    {%- set ledger = "ledger" if touched else ref("conformed_consent_events") %}
    statements as (
        select
            e.customer_id,
            e.purpose,
            e.channel,
            e.status,
            e.contact_point,
            -- a double opt-in counts from its confirmation
            case
                when e.status = 'granted' then coalesce(e.confirmed_at, e.stated_at) else e.stated_at
            end as effective_at,
            e.confirmed_at,
            e.expires_at,
            e.wording_version,
            e.legal_basis,
            e.source_system || ':' || e.source_key as event_key
        from ({{ consent_said(ledger) }}) e

        union all

        -- whoever unsubscribes or complains by email withdraws every marketing purpose on that channel
        select
            e.customer_id,
            p.purpose,
            'email',
            'withdrawn',
            e.contact_point,
            e.occurred_at,
            null,
            null,
            null,
            null,
            e.source_system || ':' || e.source_key
        from email_said e
        join {{ ref("purposes") }} p on p.is_marketing

        union all

        -- whoever objects to direct marketing (Art. 21) withdraws every marketing purpose on every channel, and whoever
        -- withdraws without a word of what withdraws all that it can be
        select
            e.customer_id,
            p.purpose,
            c.channel,
            'withdrawn',
            e.contact_point,
            e.stated_at,
            null,
            null,
            null,
            null,
            e.event_key
        from
            (
                select
                    customer_id,
                    purpose,
                    channel,
                    source_system || ':' || source_key as event_key,
                    contact_point,
                    stated_at
                from
                    (
                        {%- for which in ["e.purpose = 'direct_marketing'", "e.purpose = 'all'", "e.channel = 'all'"] %}
                            {{ consent_said(ledger, which ~ " and e.status = 'withdrawn'") }}
                            {{ "union all" if not loop.last }}
                        {%- endfor %}
                    )
                union all
                -- made here: `kundbild object`
                select b.customer_id, 'direct_marketing', 'all', 'kundbild:' || o.request_id, null, o.stated_at
                from {{ source("identity", "objections") }} o
                join owners b on b.source_system = o.source_system and b.source_key = o.source_key
            ) e
        join
            {{ ref("purposes") }} p
            on p.purpose = e.purpose
            or e.purpose = 'all'
            or e.purpose = 'direct_marketing'
            and p.is_marketing
        join
            (
                {%- for channel in ["email", "sms", "phone", "post", "ads"] %}
                    select '{{ channel }}' as channel {{- " union all" if not loop.last }}
                {%- endfor %}
            ) c
            on c.channel = e.channel
            or e.channel = 'all'
            or e.purpose = 'direct_marketing'
    )
{%- endmacro %}

{#- Events `e` of the ledger with the customers that each speaks for; written out where it is used, for each use reads its part. -#}
{% macro consent_said(ledger, which="true") -%}
    select b.customer_id, e.*
    from {{ ledger }} e
    join owners b on b.source_system = e.person_system and b.source_key = e.person_key
    where {{ which }} and e.deleted_at is null and (e.status = 'withdrawn' or b.is_standing)
    union all
    select w.customer_id, e.*
    from {{ ledger }} e
    join withdrawn_points w on w.contact_point = e.contact_point
    left join owners b on b.source_system = e.person_system and b.source_key = e.person_key
    where
        {{ which }} and e.deleted_at is null and e.status = 'withdrawn' and w.customer_id is distinct from b.customer_id
{%- endmacro %}

{#- SQL on a statement s and a purpose p: a grant with everything that a grant needs, but for its time. -#}
{% macro is_evidenced_grant() -%}
    (
        s.status = 'granted'
        and p.purpose is not null
        and s.channel != 'all'
        and s.wording_version is not null
        and s.contact_point is not null
        and (
            -- on the purpose's own legal basis, and on no other
            (
                lower(coalesce(s.legal_basis, 'consent')) = p.legal_basis
                and (s.confirmed_at is not null or not p.needs_confirmation)
            )
            {%- if var("soft_opt_in") %}
                -- who bought may be written to of the like, where the wording offered to refuse it
                or (
                    lower(s.legal_basis) = 'soft opt-in'
                    and p.is_marketing
                    and s.channel in ('email', 'sms')
                    and exists (
                        select 1
                        from {{ ref("fct_orders") }} o
                        where o.customer_id = s.customer_id and o.ordered_at <= s.effective_at
                    )
                )
            {%- endif %}
        )
    )
{%- endmacro %}

{#- SQL: whether a customer had permitted a purpose on a channel at a time. Each argument is an expression. -#}
{% macro permission_as_of(purpose, channel, at, customer_id="c.customer_id") -%}
    exists (
        select 1
        from {{ ref("contact_permission_history") }} h
        where
            h.customer_id = {{ customer_id }}
            and h.purpose = {{ purpose }}
            and h.channel = {{ channel }}
            and h.is_permitted
            and {{ holds_at(at, "h.") }}
    )
{%- endmacro %}

{#- SQL on a row of contact_permission_history: whether it is what held at a time. -#}
{% macro holds_at(at, of="") -%}
    ({{ at }} >= {{ of }}valid_from and coalesce({{ at }} < {{ of }}valid_to, true))
{%- endmacro %}
