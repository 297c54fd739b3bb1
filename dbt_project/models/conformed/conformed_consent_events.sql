{{ conformed_union("consent_events") }}
