select
    id::varchar as source_key,
    'webshop' as person_system,
    customer_id::varchar as person_key,
    {{ as_utc("created_at") }} as created_at,
    {{ as_utc("abandoned_at") }} as abandoned_at,
    value,
    currency,
    items,
    {{ staging_end("webshop", [required(as_utc("created_at"), "time")]) }}
from {{ source("webshop", "checkouts") }}
