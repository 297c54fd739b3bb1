select
    consent_id::varchar as source_key,
    'crm' as person_system,
    contact_id::varchar as person_key,
    contact_point,
    contact_point_type,
    {{ about("purpose") }} as purpose,
    {{ about("channel") }} as channel,
    status,
    legal_basis,
    {{ stated("stated_at") }} as stated_at,
    {{ statement_time("confirmed_at", is_granted()) }} as confirmed_at,
    {{ is_zoneless(["stated_at", "confirmed_at"]) }} as is_zoneless,
    {{ as_utc("expires_at") }} as expires_at,
    wording_version,
    source as capture_source,
    {{
        staging_end(
            "crm",
            [
                required(stated("stated_at"), "time of the statement"),
                named("purpose", "purpose"),
                named("channel", "channel"),
                readable_grant("confirmed_at", "time of the confirmation"),
                readable_grant("expires_at", "end of the permission"),
            ],
        )
    }}
from {{ source("crm", "consents") }}
