{{ conformed_union("survey_responses") }}
