select
    invoice_id::varchar as source_key,
    'crm' as person_system,
    contact_id::varchar as person_key,
    company_id::varchar as company_key,
    amount,
    currency,
    {{ as_date("due_date") }} as due_on,
    {{ as_utc("paid_date") }} as paid_at,
    {{ staging_end("crm", [required("amount", "amount")]) }}
from {{ source("crm", "invoices") }}
