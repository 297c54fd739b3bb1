{{ incremental_entity("orders") }} {{ conformed_union("orders") }}
