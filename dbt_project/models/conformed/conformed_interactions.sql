{{ incremental_entity("interactions") }} {{ conformed_union("interactions") }}
