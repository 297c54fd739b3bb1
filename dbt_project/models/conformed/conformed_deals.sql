{{ conformed_union("deals") }}
