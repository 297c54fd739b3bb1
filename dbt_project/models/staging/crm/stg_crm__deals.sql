select
    deal_id::varchar as source_key,
    'crm' as person_system,
    contact_id::varchar as person_key,
    company_id::varchar as company_key,
    pipeline,
    stage,
    amount,
    currency,
    {{ as_utc("opened_at") }} as opened_at,
    {{ as_utc("closed_at") }} as closed_at,
    is_won = 1 as is_won,
    lead_source,
    {{ staging_end("crm", [required(as_utc("opened_at"), "opening time")]) }}
from {{ source("crm", "deals") }}
