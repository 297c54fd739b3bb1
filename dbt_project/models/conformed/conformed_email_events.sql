{{ incremental_entity("email_events") }} {{ conformed_union("email_events") }}
