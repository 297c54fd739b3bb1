{{ conformed_union("address_updates") }}
