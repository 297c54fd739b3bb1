with
    sent as (
        select
            e.source_system, e.source_key, s.customer_id, c.purpose, 'email' as channel, e.contact_point, e.occurred_at
        from {{ ref("conformed_email_events") }} e
        left join
            {{ ref("bridge_customer_source_records") }} s
            on s.source_system = e.person_system
            and s.source_key = e.person_key
            and s.valid_to is null
        left join
            {{ ref("conformed_campaigns") }} c on c.source_system = e.source_system and c.source_key = e.campaign_key
        where e.kind = 'sent' and e.deleted_at is null and {{ is_of_somebody_free() }}
    )
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
        then 'nobody is known whom it went to'
        when m.purpose is null
        then 'what it was sent for is not known'
        when h.reason is null
        then 'nothing was granted before'
        when not h.is_permitted
        then h.reason
        when {{ email_key("h.contact_point") }} = {{ email_key("m.contact_point") }}
        then h.reason
        else 'granted for another address'
    end as reason,
    h.deciding_event
from sent m
left join
    {{ ref("contact_permission_history") }} h
    on h.customer_id = m.customer_id
    and h.purpose = m.purpose
    and h.channel = m.channel
    and {{ holds_at("m.occurred_at", "h.") }}
