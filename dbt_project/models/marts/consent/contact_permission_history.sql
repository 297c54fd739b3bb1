{{ permission_config() }}
-- what held since when by what was said; public registers are known as they stand, and close channels in
-- contact_permissions
with
    {{ consent_statements(touched_tonight()) }},
    judged as (
        select
            s.*,
            {{ is_evidenced_grant() }} as is_grant,
            {{ in_order("s.weighs_at", "s.status = 'withdrawn'", "s.event_key") }} as nth
        from statements s
        left join {{ ref("purposes") }} p on p.purpose = s.purpose
        where s.effective_at is not null
    ),
    turning_points as (
        select customer_id, purpose, channel, effective_at as valid_from
        from judged
        where is_grant or status = 'withdrawn'
        union
        select customer_id, purpose, channel, expires_at
        from judged
        where is_grant and expires_at is not null
    ),
    decided as (
        select
            t.customer_id,
            t.purpose,
            t.channel,
            t.valid_from,
            max(j.weighs_at) filter (j.status = 'withdrawn') as withdrawn_at,
            max(j.weighs_at) filter (j.is_grant and coalesce(j.expires_at > t.valid_from, true)) as granted_at,
            -- the last word, at the same time the withdrawal
            {{ latest("j.event_key", "j.nth") }} filter (
                j.status = 'withdrawn' or j.is_grant and coalesce(j.expires_at > t.valid_from, true)
            ) as deciding_event,
            {{ latest("j.contact_point", "j.nth") }} filter (
                j.is_grant and coalesce(j.expires_at > t.valid_from, true)
            ) as contact_point,
            bool_or(j.is_grant and j.corrected_at = j.expires_at and j.expires_at <= t.valid_from) as is_corrected
        from turning_points t
        join
            judged j
            on j.customer_id = t.customer_id
            and j.purpose = t.purpose
            and j.channel = t.channel
            and j.effective_at <= t.valid_from
        group by 1, 2, 3, 4
    ),
    weighed as (
        select *, coalesce(granted_at > coalesce(withdrawn_at, timestamp '-infinity'), false) as is_permitted
        from decided
    ),
    stated as (
        select
            w.customer_id,
            purpose,
            channel,
            valid_from,
            is_permitted,
            case when is_permitted and h.customer_id is null then contact_point end as contact_point,
            case
                when is_permitted
                then 'granted'
                when granted_at = withdrawn_at
                then 'granted_and_withdrawn'
                when withdrawn_at is not null
                then 'withdrawn'
                when is_corrected
                then 'corrected'
                else 'grant_expired'
            end as reason_code,
            deciding_event
        from weighed w
        -- no mart holds an address of theirs
        left join {{ ref("protected_customers") }} h on h.customer_id = w.customer_id and {{ is_address("w") }}
    ),
    turned as (
        select
            *,
            row_number() over (partition by customer_id, purpose, channel order by valid_from) = 1
            or (
                is_permitted,
                contact_point,
                reason_code,
                deciding_event
            ) is distinct from lag((is_permitted, contact_point, reason_code, deciding_event)) over (
                partition by customer_id, purpose, channel order by valid_from
            ) as is_turn
        from stated
    )
select
    t.customer_id,
    t.purpose,
    t.channel,
    t.valid_from,
    lead(t.valid_from) over (partition by t.customer_id, t.purpose, t.channel order by t.valid_from) as valid_to,
    t.is_permitted,
    t.contact_point,
    t.reason_code,
    w.reason,
    t.deciding_event
from turned t
left join {{ ref("permission_reasons") }} w on w.reason_code = t.reason_code
where t.is_turn
