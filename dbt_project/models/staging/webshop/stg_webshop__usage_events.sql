select
    id::varchar as source_key,
    'webshop' as person_system,
    customer_id::varchar as person_key,
    {{ as_utc("occurred_at") }} as occurred_at,
    kind,
    quantity,
    {{ staging_end("webshop", [required(as_utc("occurred_at"), "time")]) }}
from {{ source("webshop", "box_events") }}
