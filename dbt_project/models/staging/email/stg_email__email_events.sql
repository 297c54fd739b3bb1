select
    event_id as source_key,
    'email' as person_system,
    subscriber_id::varchar as person_key,
    email as contact_point,
    campaign_id::varchar as campaign_key,
    case
        event
        when 'open'
        then 'opened'
        when 'click'
        then 'clicked'
        when 'bounce'
        then 'bounced'
        when 'forward'
        then 'forwarded'
        when 'unsubscribe'
        then 'unsubscribed'
        when 'spamreport'
        then 'complained'
        else event
    end as kind,
    occurred_at,
    {{
        staging_end(
            "email",
            [
                required("occurred_at", "time"),
                [
                    "coalesce(event not in ('sent', 'delivered', 'open', 'click', 'bounce', 'forward', 'unsubscribe', 'spamreport'), true)",
                    "event is unknown",
                ],
            ],
        )
    }}
from {{ source("email", "events") }}
