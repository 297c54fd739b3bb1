{{ audience("service_survey_email") }}
