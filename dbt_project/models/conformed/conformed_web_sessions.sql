{{ incremental_entity("web_sessions") }} {{ conformed_union("web_sessions") }}
