{{ conformed_union("products") }}
