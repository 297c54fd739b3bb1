select
    company_id::varchar as source_key,
    name,
    org_number as registration_number,
    industry,
    country as country_code,
    {{ staging_end("crm") }}
from {{ source("crm", "companies") }}
