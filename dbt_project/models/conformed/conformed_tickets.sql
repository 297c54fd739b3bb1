{{ conformed_union("tickets") }}
