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
    What customers said, as CTEs `owners` and `statements`: one row per customer, purpose, channel and statement. Grants are
    those of standing rows; withdrawals are the ledger's, whatever became of the row and of the record (identity.withdrawals).
    A withdrawal speaks for whoever has the contact point that it names, and for whoever was granted something on it.
    `effective_at` is from when a statement holds, `weighs_at` what puts it before or after others (first_moment). A grant of
    which nobody knows whether it came after a withdrawal is void: their times are of different clocks, and too near.
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
    -- whoever has a contact point that was withdrawn from. Where many withdrew, as from one that stands in for none,
    -- what
    -- was said is not told of each of them in full
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
    -- whoever has the address or number of a record that withdrew and is gone
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
    said_by_many as (
        select e.*
        from ({{ withdrawals(withdrawn) }}) e
        where e.contact_point in (select contact_point from withdrawn_points where is_of_many)
    ),
    -- a grant of whoever has such a contact point, and when it was first withdrawn from after that
    ended_grants as (
        select
            customer_id,
            contact_point,
            purpose,
            channel,
            min(case when customer_id is null then weighs_at end) over (
                partition by contact_point, purpose, channel
                order by weighs_at
                range between current row and unbounded following
            ) as weighs_at
        from
            (
                select null as customer_id, contact_point, purpose, channel, weighs_at
                from said_by_many
                union all
                select
                    w.customer_id,
                    w.contact_point,
                    e.purpose,
                    e.channel,
                    {{ first_moment("coalesce(e.confirmed_at, e.stated_at)") }}
                from {{ granted }} e
                join owners b on b.source_system = e.person_system and b.source_key = e.person_key
                join withdrawn_points w on w.customer_id = b.customer_id and w.is_of_many
                where e.status = 'granted' and e.deleted_at is null
            )
    ),
    said_by_others as (
        -- withdrawals from a contact point, of whoever has it
        select w.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.weighs_at, e.event_key, e.clock
        from ({{ withdrawals(withdrawn) }}) e
        join withdrawn_points w on w.contact_point = e.contact_point and not w.is_of_many
        left join owners b on b.source_system = e.person_system and b.source_key = e.person_key
        -- a point that they have no more may be somebody else's by now: of who it is that says so, only they are denied
        where
            w.customer_id is distinct from b.customer_id
            and (
                not w.is_former
                or not exists (
                    select 1
                    from {{ ref("bridge_customer_source_records") }} k
                    where k.source_system = e.person_system and k.source_key = e.person_key
                )
            )
        union all
        -- of many the last, and the first after each grant: no other changes what is permitted when
        select w.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.weighs_at, e.event_key, e.clock
        from
            (
                select
                    contact_point,
                    purpose,
                    channel,
                    {{ latest("effective_at", in_order("weighs_at", "true", "event_key")) }} as effective_at,
                    max(weighs_at) as weighs_at,
                    {{ latest("event_key", in_order("weighs_at", "true", "event_key")) }} as event_key,
                    {{ clock_of_several("clock") }} as clock
                from said_by_many
                group by 1, 2, 3
            ) e
        join withdrawn_points w on w.contact_point = e.contact_point
        union all
        select
            g.customer_id,
            g.purpose,
            g.channel,
            g.contact_point,
            min(e.effective_at),
            g.weighs_at,
            min(e.event_key),
            {{ clock_of_several("e.clock") }}
        from ended_grants g
        join
            said_by_many e
            on e.contact_point = g.contact_point
            and e.purpose = g.purpose
            and e.channel = g.channel
            and e.weighs_at = g.weighs_at
        where g.customer_id is not null
        group by 1, 2, 3, 4, 6
        union all
        select h.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.weighs_at, e.event_key, e.clock
        from ({{ withdrawals(withdrawn) }}) e
        join heirs h on h.gone_system = e.person_system and h.gone_key = e.person_key
        left join owners b on b.source_system = e.person_system and b.source_key = e.person_key
        where h.customer_id is distinct from b.customer_id
    ),
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
            e.expires_at,
            e.wording_version,
            e.capture_source,
            e.legal_basis,
            e.source_system || ':' || e.source_key as event_key,
            v.contact_point is not null as is_void,
            case when e.is_zoneless then e.source_system end as clock
        from {{ granted }} e
        join owners b on b.source_system = e.person_system and b.source_key = e.person_key and b.is_standing
        left join
            {{ source("identity", "void_grants") }} v
            on v.contact_point = e.contact_point
            and v.person_system = e.person_system
            and v.person_key = e.person_key
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
            event_key,
            false,
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
                -- what was said here: `kundbild object`, `kundbild withdraw`
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
                join owners b on b.source_system = o.source_system and b.source_key = o.source_key
                join
                    {{ ref("purposes") }} p
                    on p.purpose = o.purpose
                    or o.purpose = 'all'
                    or coalesce(o.purpose, 'direct_marketing') = 'direct_marketing'
                    and p.is_marketing
                join ({{ contact_channels() }}) c on c.channel = o.channel or coalesce(o.channel, 'all') = 'all'
                union all
                select customer_id, purpose, channel, contact_point, effective_at, weighs_at, event_key, clock
                from said_by_others
            )
    ),
    -- of whom statements on a purpose and channel are timed by clocks that differ by nobody knows how much
    on_several_clocks as (
        select customer_id, purpose, channel
        from told
        group by 1, 2, 3
        having count(clock) > 0 and (count(clock) < count(*) or min(clock) != max(clock))
    ),
    -- grants that may have come before a withdrawal on another clock
    doubted as (
        select distinct g.customer_id, g.purpose, g.channel, g.event_key
        from told g
        join on_several_clocks c on c.customer_id = g.customer_id and c.purpose = g.purpose and c.channel = g.channel
        join
            told w
            on w.customer_id = g.customer_id
            and w.purpose = g.purpose
            and w.channel = g.channel
            and w.weighs_at < g.weighs_at
            and w.weighs_at + {{ later_by("w.clock") }} >= g.weighs_at - {{ earlier_by("g.clock") }}
        where g.status = 'granted' and w.status = 'withdrawn' and w.clock is distinct from g.clock
    ),
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
            t.wording_version,
            t.capture_source,
            t.legal_basis,
            t.event_key,
            t.is_void or d.event_key is not null as is_void
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
    A time of a clock (a source that states no timezone) is read as UTC: the instant may be so much earlier, or later, as the
    zones of the world are from UTC. No clock: the instant itself.
-#}
{% macro earlier_by(clock) -%}
    case when {{ clock }} is null then interval '0' hour else interval '14' hour end
{%- endmacro %}
{% macro later_by(clock) -%}
    case when {{ clock }} is null then interval '0' hour else interval '12' hour end
{%- endmacro %}

{#- In an aggregate: no clock where none of the rows has one, else one that is nobody else's. -#}
{% macro clock_of_several(clock) -%} case when count({{ clock }}) > 0 then '' end {%- endmacro %}

{#-
    What each withdrawal denies, as CTE `denied_by`: (said_purpose, said_channel, purpose, channel). Who objects to direct
    marketing (Art. 21) withdraws every marketing purpose on every channel; who unsubscribes or complains, every marketing
    purpose on that channel; a purpose or channel that is not known here is any.
-#}
{% macro denied_by(withdrawn) -%}
    denied_by as (
        select e.purpose as said_purpose, e.channel as said_channel, p.purpose, c.channel
        from (select distinct purpose, channel from {{ withdrawn }}) e
        join
            {{ ref("purposes") }} p
            on p.purpose = e.purpose
            or e.purpose in ('direct_marketing', 'marketing')
            and p.is_marketing
            or e.purpose not in ('direct_marketing', 'marketing')
            and e.purpose not in (select purpose from {{ ref("purposes") }})
        join
            ({{ contact_channels() }}) c
            on c.channel = e.channel
            or e.purpose = 'direct_marketing'
            or e.channel not in ({{ contact_channels() }})
    )
{%- endmacro %}

{#-
    Withdrawals of the ledger, by all that they deny: (person_system, person_key, contact_point, purpose, channel,
    effective_at, weighs_at, event_key, clock). Expects the CTE `denied_by`.
-#}
{% macro withdrawals(withdrawn) -%}
    select
        e.person_system,
        e.person_key,
        e.contact_point,
        d.purpose,
        d.channel,
        {{ first_moment("e.stated_at") }} as effective_at,
        e.stated_at as weighs_at,
        e.source_system || ':' || coalesce(e.source_key, 'load ' || e.load_id) as event_key,
        -- of one that is in the ledger since before it kept this, nobody knows
        case when coalesce(e.is_zoneless, true) then e.source_system end as clock
    from {{ withdrawn }} e
    join denied_by d on d.said_purpose = e.purpose and d.said_channel = e.channel
{%- endmacro %}

{#-
    SQL: the first moment that a time of a statement can mean. Staging writes a statement that names only a day as the
    day's last microsecond: a grant holds from then on and counts as made on the day's first moment, a withdrawal holds
    from the first and counts as made at the last, so that of one day the withdrawal always stands. The zone of the day is
    not known here. A Sunday on which clocks may go back (25 October to 7 November, 1 to 8 April) counts 25 hours: too
    early is the closed side.
-#}
{% macro first_moment(at) -%}
    case
        when {{ is_last_microsecond(at) }} and {{ may_have_25_hours(at) }}
        then {{ at }} - interval '25' hour + interval '1' microsecond
        when {{ is_last_microsecond(at) }}
        then {{ at }} - interval '1' day + interval '1' microsecond
        else {{ at }}
    end
{%- endmacro %}

{#- Whether the day that ends at `at`, UTC, is such a Sunday in some zone: half a day earlier it is that date in every zone. -#}
{% macro may_have_25_hours(at) -%}
    {%- set noon = "(" ~ at ~ " - interval '12' hour)" -%}
    {%- set date = "(extract(month from " ~ noon ~ ") * 100 + extract(day from " ~ noon ~ "))" -%}
    (
        {{ date }} in (
            {%- for day in [
                401,
                402,
                403,
                404,
                405,
                406,
                407,
                408,
                1025,
                1026,
                1027,
                1028,
                1029,
                1030,
                1031,
                1101,
                1102,
                1103,
                1104,
                1105,
                1106,
                1107,
            ] -%}
                {{ day }}{{ ", " if not loop.last }}
            {%- endfor -%}
        )
        -- 2 January 2000 was a Sunday
        and {{ days_between("date '2000-01-02'", "cast(" ~ noon ~ " as date)") }} % 7 = 0
    )
{%- endmacro %}

{#- The channels that somebody may be contacted by: (channel). -#}
{% macro contact_channels() -%}
    {%- for channel in ["email", "sms", "phone", "post", "ads"] %}
        select '{{ channel }}' as channel {{- " union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
