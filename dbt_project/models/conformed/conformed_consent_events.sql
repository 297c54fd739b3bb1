{{ incremental_entity("consent_events") }} {{ conformed_union("consent_events") }}
