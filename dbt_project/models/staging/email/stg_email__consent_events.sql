select
    optin_id::varchar as source_key,
    'email' as person_system,
    subscriber_id::varchar as person_key,
    email as contact_point,
    'email' as contact_point_type,
    {{ about("list") }} as purpose,
    'email' as channel,
    status,
    'consent' as legal_basis,
    {{ stated("stated_at") }} as stated_at,
    {{ statement_time("confirmed_at", is_granted()) }} as confirmed_at,
    {{ is_zoneless(["stated_at", "confirmed_at"]) }} as is_zoneless,
    cast(null as timestamp) as expires_at,
    wording_version,
    'sign-up form' as capture_source,
    {{
        staging_end(
            "email",
            [
                required(stated("stated_at"), "time of the statement"),
                named("list", "list"),
            ],
        )
    }}
from {{ source("email", "optins") }}
