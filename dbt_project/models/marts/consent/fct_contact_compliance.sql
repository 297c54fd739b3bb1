with
    sent as (
        select
            e.source_system, e.source_key, s.customer_id, c.purpose, 'email' as channel, e.contact_point, e.occurred_at
        from {{ ref("conformed_email_events") }} e {{ join_customer() }}
        left join
            {{ ref("conformed_campaigns") }} c on c.source_system = e.source_system and c.source_key = e.campaign_key
        where e.kind = 'sent' and e.deleted_at is null and {{ is_of_somebody_free() }}
    ),
    judged as (
        select
            m.source_system,
            m.source_key,
            m.customer_id,
            m.purpose,
            m.channel,
            m.occurred_at,
            coalesce(
                h.is_permitted and {{ email_key("h.contact_point") }} = {{ email_key("m.contact_point") }}, false
            ) as is_lawful,
            case
                when m.customer_id is null
                then 'recipient_unknown'
                when m.purpose is null
                then 'purpose_unknown'
                when h.reason_code is null
                then 'not_granted_before'
                when not h.is_permitted
                then h.reason_code
                when {{ email_key("h.contact_point") }} = {{ email_key("m.contact_point") }}
                then h.reason_code
                else 'other_address'
            end as reason_code,
            h.deciding_event
        from sent m
        left join
            {{ ref("contact_permission_history") }} h
            on h.customer_id = m.customer_id
            and h.purpose = m.purpose
            and h.channel = m.channel
            and {{ holds_at("m.occurred_at", "h.") }}
    )
select
    j.source_system,
    j.source_key,
    j.customer_id,
    j.purpose,
    j.channel,
    j.occurred_at,
    j.is_lawful,
    j.reason_code,
    w.reason,
    j.deciding_event
from judged j
left join {{ ref("permission_reasons") }} w on w.reason_code = j.reason_code
