{{ incremental_entity("people") }} {{ conformed_union("people") }}
