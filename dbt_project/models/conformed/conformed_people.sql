{{ conformed_union("people") }}
