{{ fact_config("email_events") }}

select
    e.source_system,
    e.source_key,
    s.customer_id,
    e.person_system,
    e.person_key,
    e.campaign_key,
    e.kind,
    e.occurred_at,
    e.load_id
from {{ ref("conformed_email_events") }} e {{ join_customer() }}
where e.deleted_at is null and {{ is_of_somebody_free() }} {{ changed_since_last_run() }}
