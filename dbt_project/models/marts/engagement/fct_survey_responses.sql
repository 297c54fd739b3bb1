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
from {{ ref("conformed_survey_responses") }} e
left join
    {{ ref("bridge_customer_source_records") }} s
    on s.source_system = e.person_system
    and s.source_key = e.person_key
    and s.valid_to is null
where e.deleted_at is null and {{ is_of_somebody_free() }} {{ changed_since_last_run() }}
