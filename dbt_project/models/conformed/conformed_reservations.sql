{{ conformed_union("reservations") }}
