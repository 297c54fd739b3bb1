{{ incremental_entity("consent_events") }}
-- evidence without a letter or digit, or a word for none, is none, from whichever connector it comes
select
    source_system,
    source_key,
    person_system,
    person_key,
    {{ evidence("contact_point") }} as contact_point,
    contact_point_type,
    {{ word("purpose") }} as purpose,
    {{ word("channel") }} as channel,
    {{ statement_status() }} as status,
    {{ filled("legal_basis") }} as legal_basis,
    stated_at,
    confirmed_at,
    expires_at,
    is_zoneless,
    {{ evidence("wording_version") }} as wording_version,
    {{ evidence("capture_source") }} as capture_source,
    deleted_at,
    extracted_at,
    load_id
from ({{ conformed_union("consent_events") }})
