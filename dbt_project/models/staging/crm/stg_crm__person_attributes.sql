select
    attribute_id::varchar as source_key,
    'crm' as person_system,
    contact_id::varchar as person_key,
    name,
    value,
    {{ as_utc("observed_at") }} as observed_at,
    origin,
    {{ staging_end("crm", [required("name", "name")]) }}
from {{ source("crm", "attributes") }}
