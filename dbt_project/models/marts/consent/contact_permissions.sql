{{ permission_config() }}
with
    {{ consent_statements(touched_tonight()) }},
    evidenced as (
        select
            s.*,
            {{ is_evidenced_grant() }} as is_evidenced,
            case when s.status = 'granted' then {{ lack_of_evidence() }} end as lack,
            {{ in_order("s.weighs_at", "s.status = 'withdrawn'", "s.event_key") }} as nth
        from statements s
        left join {{ ref("purposes") }} p on p.purpose = s.purpose
        where
            -- of whom no record stands there is nobody to contact
            not exists (
                select 1
                from (select customer_id from owners group by 1 having not bool_or(is_standing)) g
                where g.customer_id = s.customer_id
            )
    ),
    judged as (
        select
            *,
            is_evidenced
            and effective_at <= {{ as_of() }}
            -- a correction of the future is one, as a withdrawal is
            and corrected_at is null
            and coalesce(expires_at > {{ as_of() }}, true) as is_valid_grant,
            -- why a grant does not count
            case
                when status != 'granted'
                then null
                when not coalesce(is_evidenced, false)
                then lack
                when effective_at is null
                then 'no_evidence'
                when corrected_at is not null and (corrected_at = expires_at or expires_at > {{ as_of() }})
                then 'corrected'
                when expires_at <= {{ as_of() }}
                then 'grant_expired'
                when effective_at > {{ as_of() }}
                then 'grant_to_come'
            end as obstacle
        from evidenced
    ),
    decided as (
        select
            customer_id,
            purpose,
            channel,
            max(weighs_at) filter (status = 'withdrawn') as withdrawn_at,
            max(weighs_at) filter (is_valid_grant) as granted_at,
            -- the last word, at the same time the withdrawal
            {{ latest("event_key", "nth") }} filter (status = 'withdrawn' or is_valid_grant) as deciding_event,
            {{ latest("contact_point", "nth") }} filter (is_valid_grant) as contact_point,
            -- the last grant may be without end
            {{ latest("coalesce(expires_at, timestamp 'infinity')", "nth") }} filter (is_valid_grant) as expires_at,
            {{ earliest("obstacle", obstacle_order("obstacle")) }} as obstacle
        from judged
        group by customer_id, purpose, channel
    ),
    weighed as (
        select *, coalesce(granted_at > coalesce(withdrawn_at, timestamp '-infinity'), false) as is_permitted
        from decided
    ),
    stated as (
        select
            customer_id,
            purpose,
            channel,
            is_permitted,
            case when is_permitted then contact_point end as contact_point,
            case when is_permitted then nullif(expires_at, timestamp 'infinity') end as expires_at,
            case
                when is_permitted
                then 'granted'
                when granted_at = withdrawn_at
                then 'granted_and_withdrawn'
                when withdrawn_at is not null
                then 'withdrawn'
                else coalesce(obstacle, 'no_evidence')
            end as reason_code,
            deciding_event,
            case when is_permitted then granted_at else withdrawn_at end as decided_at
        from weighed
    ),
    -- what closes a channel to a customer, or a number of theirs, whatever they said
    closing as (
        select
            customer_id,
            channel,
            contact_point,
            min(register) as register,
            case
                when min(register) is not null then 'reserved' else {{ earliest("gap_code", "gap") }}
            end as closed_code,
            case when min(register) is null then min(gap) end as closed_reason,
            {{ earliest("reservation_key", packed(["register", "reservation_key"])) }} as reservation_key
        from
            (
                select
                    customer_id,
                    channel,
                    null as contact_point,
                    register,
                    reservation_key,
                    null as gap_code,
                    null as gap
                from {{ ref("customer_reservations") }}
                union all
                select customer_id, channel, contact_point, null, null, reason_code, reason
                from {{ ref("register_gaps") }}
                union all
                -- nor does any mart hold the address
                select h.customer_id, s.channel, s.contact_point, null, null, w.reason_code, w.reason
                from {{ ref("protected_customers") }} h
                join stated s on s.customer_id = h.customer_id
                join {{ ref("permission_reasons") }} w on w.reason_code = {{ protected_reason_code("h") }}
                where s.is_permitted and {{ is_address("s") }}
            )
        group by 1, 2, 3
    ),
    closed as (
        select
            s.*,
            c.reservation_key,
            c.register,
            -- by what closes all of the customer's, else by what closes the number or the address
            case when s.is_permitted then coalesce(c.closed_code, n.closed_code) end as closed_code,
            case
                when not s.is_permitted
                then null
                when c.closed_code is not null
                then c.closed_reason
                else n.closed_reason
            end as closed_reason
        from stated s
        left join closing c on c.customer_id = s.customer_id and c.channel = s.channel and c.contact_point is null
        left join
            closing n on n.customer_id = s.customer_id and n.channel = s.channel and n.contact_point = s.contact_point
    )
select
    s.customer_id,
    s.purpose,
    s.channel,
    s.is_permitted and s.closed_code is null as is_permitted,
    case when s.closed_code is null then s.contact_point end as contact_point,
    case when s.closed_code is null then s.expires_at end as expires_at,
    coalesce(s.closed_code, s.reason_code) as reason_code,
    coalesce(s.closed_reason, {{ reason_about("w.reason", "s.register") }}) as reason,
    case
        when s.closed_code is not null and s.reservation_key is not null
        then 'registers:' || s.reservation_key
        else s.deciding_event
    end as deciding_event,
    s.decided_at
from closed s
left join {{ ref("permission_reasons") }} w on w.reason_code = coalesce(s.closed_code, s.reason_code)
