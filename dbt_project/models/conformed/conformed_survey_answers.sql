{{ incremental_entity("survey_answers") }} {{ conformed_union("survey_answers") }}
