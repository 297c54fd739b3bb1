select
    case_id::varchar as source_key,
    'crm' as person_system,
    contact_id::varchar as person_key,
    {{ as_utc("opened_at") }} as opened_at,
    {{ as_utc("first_reply_at") }} as first_reply_at,
    {{ as_utc("solved_at") }} as solved_at,
    category,
    satisfaction,
    {{
        staging_end(
            "crm",
            [
                required(as_utc("opened_at"), "opening time"),
                ["satisfaction not between 1 and 5", "satisfaction is out of range", "out_of_range"],
            ],
        )
    }}
from {{ source("crm", "cases") }}
