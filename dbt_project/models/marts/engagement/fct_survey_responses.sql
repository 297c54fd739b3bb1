{{ fact_config("survey_responses") }}

select
    e.source_system,
    e.source_key,
    s.customer_id,
    e.person_system,
    e.person_key,
    e.survey,
    e.is_panel,
    e.sent_at,
    e.submitted_at,
    e.nps,
    e.csat,
    e.ces,
    e.load_id
from {{ ref("conformed_survey_responses") }} e {{ join_customer() }}
where e.deleted_at is null and {{ is_of_somebody_free() }} {{ changed_since_last_run() }}
