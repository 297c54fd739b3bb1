select
    id::varchar as source_key,
    'webshop' as person_system,
    customer_id::varchar as person_key,
    email as contact_point,
    'email' as contact_point_type,
    'newsletter' as purpose,
    'email' as channel,
    status,
    'consent' as legal_basis,
    {{ stated("stated_at") }} as stated_at,
    {{ statement_time("confirmed_at", is_granted()) }} as confirmed_at,
    {{ is_zoneless(["stated_at", "confirmed_at"]) }} as is_zoneless,
    cast(null as timestamp) as expires_at,
    wording_version,
    'checkout' as capture_source,
    {{
        staging_end(
            "webshop",
            [
                required(stated("stated_at"), "time of the statement"),
            ],
        )
    }}
from {{ source("webshop", "newsletter_signups") }}
