select
    event_id as source_key,
    'email' as person_system,
    subscriber_id::varchar as person_key,
    email as contact_point,
    campaign_id::varchar as campaign_key,
    case
        when {{ is_refusal("event") }}
        then case when regexp_matches(lower(event), 'spam|complain|abuse') then 'complained' else 'unsubscribed' end
        when {{ word("event") }} = 'open'
        then 'opened'
        when {{ word("event") }} = 'click'
        then 'clicked'
        when {{ word("event") }} = 'bounce'
        then 'bounced'
        when {{ word("event") }} = 'forward'
        then 'forwarded'
        else {{ word("event") }}
    end as kind,
    {{ happened("occurred_at", "event") }} as occurred_at,
    {{ is_zoneless(["occurred_at"]) }} as is_zoneless,
    {{
        staging_end(
            "email",
            [
                required(happened("occurred_at", "event"), "time"),
                [
                    "coalesce("
                    ~ word("event")
                    ~ " not in ('sent', 'delivered', 'open', 'click', 'bounce', 'forward', 'held_out') and not "
                    ~ is_refusal("event")
                    ~ ", true)",
                    "event is unknown",
                    "unknown_kind",
                ],
            ],
        )
    }}
from {{ source("email", "events") }}
