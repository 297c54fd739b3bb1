{{ conformed_union("person_attributes") }}
