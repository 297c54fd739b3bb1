{{ permission_config() }}
with
    {{ consent_statements(touched_tonight()) }},
    judged as (
        select
            s.*,
            {{ is_evidenced_grant() }}
            and s.effective_at <= {{ as_of() }}
            and coalesce(s.expires_at > {{ as_of() }}, true) as is_valid_grant,
            s.status = 'granted'
            and s.effective_at <= {{ as_of() }}
            and p.needs_confirmation
            and s.confirmed_at is null as is_unconfirmed
        from statements s
        left join {{ ref("purposes") }} p on p.purpose = s.purpose
        where s.customer_id in (select customer_id from owners where is_standing)
    ),
    decided as (
        select
            customer_id,
            purpose,
            channel,
            max(effective_at) filter (status = 'withdrawn') as withdrawn_at,
            {{ latest("event_key", in_order("effective_at", "event_key")) }} filter (
                status = 'withdrawn'
            ) as withdrawal_key,
            max(effective_at) filter (is_valid_grant) as granted_at,
            {{ latest("event_key", in_order("effective_at", "event_key")) }} filter (is_valid_grant) as grant_key,
            {{ latest("contact_point", in_order("effective_at", "event_key")) }} filter (
                is_valid_grant
            ) as granted_contact_point,
            {{ latest("expires_at", in_order("effective_at", "event_key")) }} filter (is_valid_grant) as expires_at,
            bool_or(is_unconfirmed) as has_unconfirmed,
            bool_or(status = 'granted' and expires_at <= {{ as_of() }}) as has_expired
        from judged
        group by customer_id, purpose, channel
    ),
    -- a register that is missing, too old or shrunk closes its channel in its country: nobody can tell who stands in it
    unknown as ({{ unknown_registers() }}),
    reserved as (
        select customer_id, channel, min(register) as register, min(reservation_key) as reservation_key
        from {{ ref("customer_reservations") }}
        group by 1, 2
    ),
    stated as (
        select
            customer_id,
            purpose,
            channel,
            coalesce(granted_at > coalesce(withdrawn_at, timestamp '-infinity'), false) as is_permitted,
            case
                when granted_at > coalesce(withdrawn_at, timestamp '-infinity') then granted_contact_point
            end as contact_point,
            case when granted_at > coalesce(withdrawn_at, timestamp '-infinity') then expires_at end as expires_at,
            case
                when granted_at > coalesce(withdrawn_at, timestamp '-infinity')
                then 'granted'
                when granted_at = withdrawn_at
                then 'granted and withdrawn at the same time: denied'
                when withdrawn_at is not null
                then 'withdrawn'
                when has_expired
                then 'the grant has expired'
                when has_unconfirmed
                then 'the double opt-in was never confirmed'
                else 'no grant with time, wording and contact point'
            end as reason,
            case
                when granted_at > coalesce(withdrawn_at, timestamp '-infinity')
                then grant_key
                else coalesce(withdrawal_key, grant_key)
            end as deciding_event,
            case
                when granted_at > coalesce(withdrawn_at, timestamp '-infinity') then granted_at else withdrawn_at
            end as decided_at
        from decided
    ),
    closed as (
        select
            s.*,
            v.reservation_key,
            case
                when not s.is_permitted
                then null
                when v.register is not null
                then 'reserved in ' || v.register
                when s.channel in ('phone', 'post') and g.country_code is null
                then 'the country, and with it the register, is not known'
                when u.register is not null
                then 'the register ' || u.register
            end as closed_reason
        from stated s
        left join reserved v on v.customer_id = s.customer_id and v.channel = s.channel
        left join {{ ref("golden_records") }} g on g.customer_id = s.customer_id
        left join unknown u on u.channel = s.channel and u.country_code = g.country_code.value
    )
select
    customer_id,
    purpose,
    channel,
    is_permitted and closed_reason is null as is_permitted,
    case when closed_reason is null then contact_point end as contact_point,
    case when closed_reason is null then expires_at end as expires_at,
    coalesce(closed_reason, reason) as reason,
    case
        when closed_reason is not null and reservation_key is not null
        then 'registers:' || reservation_key
        else deciding_event
    end as deciding_event,
    decided_at
from closed
