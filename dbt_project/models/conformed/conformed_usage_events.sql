{{ incremental_entity("usage_events") }} {{ conformed_union("usage_events") }}
