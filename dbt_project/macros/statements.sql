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
    -- whoever has a contact point that was withdrawn from, whatever record said so, or none. Where many withdrew,
    -- as from one that stands in for none, what was said is not told of each of them in full
    withdrawn_points as (
        select w.contact_point, b.customer_id, w.statements > {{ var("withdrawals_in_full") }} as is_of_many
        from {{ source("identity", "withdrawn_points") }} w
        join {{ source("identity", "normalised_people") }} n on n.email_key = w.email_key
        join owners b on b.source_system = n.source_system and b.source_key = n.source_key
        union
        select w.contact_point, b.customer_id, w.statements > {{ var("withdrawals_in_full") }}
        from {{ source("identity", "withdrawn_points") }} w
        join {{ source("identity", "normalised_people") }} n on n.phone_key = w.phone_key
        join owners b on b.source_system = n.source_system and b.source_key = n.source_key
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
    said_by_many as (
        select e.*
        from ({{ withdrawals(ledger) }}) e
        where e.contact_point in (select contact_point from withdrawn_points where is_of_many)
    ),
    -- a grant of whoever has such a contact point, and when it was first withdrawn from after that
    ended_grants as (
        select
            customer_id,
            contact_point,
            purpose,
            channel,
            min(case when customer_id is null then effective_at end) over (
                partition by contact_point, purpose, channel
                order by effective_at
                range between current row and unbounded following
            ) as effective_at
        from
            (
                select null as customer_id, contact_point, purpose, channel, effective_at
                from said_by_many
                union all
                select w.customer_id, w.contact_point, e.purpose, e.channel, coalesce(e.confirmed_at, e.stated_at)
                from {{ ledger }} e
                join owners b on b.source_system = e.person_system and b.source_key = e.person_key
                join withdrawn_points w on w.customer_id = b.customer_id and w.is_of_many
                where e.status = 'granted' and e.deleted_at is null
            )
    ),
    -- withdrawals from a contact point, of whoever has it
    said_by_others as (
        select w.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.event_key
        from ({{ withdrawals(ledger) }}) e
        join withdrawn_points w on w.contact_point = e.contact_point and not w.is_of_many
        left join owners b on b.source_system = e.person_system and b.source_key = e.person_key
        where w.customer_id is distinct from b.customer_id
        union all
        -- of many the last, and the first after each grant: no other changes what is permitted when
        select w.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.event_key
        from
            (
                select
                    contact_point,
                    purpose,
                    channel,
                    max(effective_at) as effective_at,
                    {{ latest("event_key", in_order("effective_at", "true", "event_key")) }} as event_key
                from said_by_many
                group by 1, 2, 3
            ) e
        join withdrawn_points w on w.contact_point = e.contact_point
        union all
        select g.customer_id, g.purpose, g.channel, g.contact_point, g.effective_at, min(e.event_key)
        from ended_grants g
        join
            said_by_many e
            on e.contact_point = g.contact_point
            and e.purpose = g.purpose
            and e.channel = g.channel
            and e.effective_at = g.effective_at
        where g.customer_id is not null
        group by 1, 2, 3, 4, 5
    ),
    statements as (
        select
            b.customer_id,
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
        from {{ ledger }} e
        join owners b on b.source_system = e.person_system and b.source_key = e.person_key
        where e.deleted_at is null and (e.status = 'withdrawn' or b.is_standing)
        union all
        select
            customer_id, purpose, channel, 'withdrawn', contact_point, effective_at, null, null, null, null, event_key
        from
            (
                select b.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.event_key
                from ({{ withdrawals_of_several(ledger) }}) e
                join owners b on b.source_system = e.person_system and b.source_key = e.person_key
                union all
                -- an objection that was made here: `kundbild object`
                select b.customer_id, p.purpose, c.channel, null, o.stated_at, 'kundbild:' || o.request_id
                from {{ source("identity", "objections") }} o
                join owners b on b.source_system = o.source_system and b.source_key = o.source_key
                join {{ ref("purposes") }} p on p.is_marketing
                cross join ({{ contact_channels() }}) c
                union all
                select customer_id, purpose, channel, contact_point, effective_at, event_key
                from said_by_others
            )
    )
{%- endmacro %}

{#- Withdrawals, by purpose and channel: (person_system, person_key, contact_point, purpose, channel, effective_at, event_key). -#}
{% macro withdrawals(ledger) -%}
    select
        e.person_system,
        e.person_key,
        e.contact_point,
        e.purpose,
        e.channel,
        e.stated_at as effective_at,
        e.source_system || ':' || e.source_key as event_key
    from {{ ledger }} e
    where e.status = 'withdrawn' and e.deleted_at is null
    union all
    {{ withdrawals_of_several(ledger) }}
{%- endmacro %}

{#- The same of those that are about more than they name. -#}
{% macro withdrawals_of_several(ledger) -%}
    -- whoever objects to direct marketing (Art. 21) withdraws every marketing purpose on every channel, and whoever
    -- withdraws without a word of what withdraws all that it can be
    select
        e.person_system, e.person_key, e.contact_point, p.purpose, c.channel, e.stated_at as effective_at, e.event_key
    from
        (
            -- apart, for each of them reads little
            {%- for which in ["purpose = 'direct_marketing'", "purpose = 'all'", "channel = 'all'"] %}
                select
                    person_system,
                    person_key,
                    contact_point,
                    purpose,
                    channel,
                    stated_at,
                    source_system || ':' || source_key as event_key
                from {{ ledger }}
                where {{ which }} and status = 'withdrawn' and deleted_at is null {{ "union all" if not loop.last }}
            {%- endfor %}
        ) e
    join
        {{ ref("purposes") }} p
        on p.purpose = e.purpose
        or e.purpose = 'all'
        or e.purpose = 'direct_marketing'
        and p.is_marketing
    join ({{ contact_channels() }}) c on c.channel = e.channel or e.channel = 'all' or e.purpose = 'direct_marketing'
    union all
    -- whoever unsubscribes or complains by email withdraws every marketing purpose on that channel
    select
        e.person_system,
        e.person_key,
        e.contact_point,
        p.purpose,
        'email',
        e.occurred_at,
        e.source_system || ':' || e.source_key
    from {{ ref("conformed_email_events") }} e
    join {{ ref("purposes") }} p on p.is_marketing
    where e.kind in ('unsubscribed', 'complained') and e.deleted_at is null
{%- endmacro %}

{#- The channels that somebody may be contacted by: (channel). -#}
{% macro contact_channels() -%}
    {%- for channel in ["email", "sms", "phone", "post", "ads"] %}
        select '{{ channel }}' as channel {{- " union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
