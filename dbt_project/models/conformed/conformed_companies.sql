{{ conformed_union("companies") }}
