select
    reservation_id as source_key,
    register,
    version_on,
    match_value as phone,
    given_name,
    family_name,
    street,
    postal_code,
    {{
        staging_end(
            "registers",
            [["match_value is null and (family_name is null or postal_code is null)", "nothing to match on"]],
        )
    }}
from {{ source("registers", "reservations") }}
