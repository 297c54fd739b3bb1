select
    entry_id as source_key,
    given_name,
    family_name,
    birth_date,
    street,
    postal_code,
    city,
    country_code,
    effective_on,
    is_protected,
    is_deceased,
    {{ staging_end("registers", [required("effective_on", "date")]) }}
from {{ source("registers", "addresses") }}
