select
    id::varchar as source_key,
    'webshop' as person_system,
    customer_id::varchar as person_key,
    {{ as_utc("started_at") }} as started_at,
    {{ as_utc("renewed_at") }} as renewed_at,
    {{ as_utc("cancelled_at") }} as cancelled_at,
    reason,
    {{ staging_end("webshop", [required(as_utc("started_at"), "start")]) }}
from {{ source("webshop", "subscriptions") }}
