{{ conformed_union("reviews") }}
