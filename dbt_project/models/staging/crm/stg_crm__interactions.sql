select
    activity_id::varchar as source_key,
    'crm' as person_system,
    contact_id::varchar as person_key,
    type as channel,
    direction,
    {{ as_utc("occurred_at") }} as occurred_at,
    topic,
    {{ staging_end("crm", [required(as_utc("occurred_at"), "time")]) }}
from {{ source("crm", "activities") }}
