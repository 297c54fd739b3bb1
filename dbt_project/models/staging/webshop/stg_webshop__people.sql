select
    id::varchar as source_key,
    null as person_id,
    'shopper' as kind,
    null as full_name,
    first_name as given_name,
    last_name as family_name,
    trim(email) as email,
    phone,
    {{ as_birth("date_of_birth") }} as birth_date,
    gender,
    address.street as street,
    address.zip as postal_code,
    address.city as city,
    address.country as country_code,
    null as company_key,
    null as position,
    preferred_store,
    {{ as_utc("created_at") }} as created_at,
    {{ as_utc("updated_at") }} as updated_at,
    {{
        staging_end(
            "webshop",
            [unreadable("date_of_birth", as_birth("date_of_birth"), "birth date")],
            deleted_at=as_utc("deleted_at"),
        )
    }}
from {{ source("webshop", "customers") }}
