{{ incremental_entity("survey_responses") }} {{ conformed_union("survey_responses") }}
