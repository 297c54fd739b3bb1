{{ incremental_entity("web_events") }} {{ conformed_union("web_events") }}
