{{ conformed_union("survey_answers") }}
