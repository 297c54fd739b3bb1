{{ conformed_union("campaigns") }}
