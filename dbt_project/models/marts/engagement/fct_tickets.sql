{{ fact_config("tickets") }}

select
    e.source_system,
    e.source_key,
    s.customer_id,
    e.person_system,
    e.person_key,
    e.opened_at,
    e.first_reply_at,
    e.solved_at,
    e.category,
    e.satisfaction,
    date_diff('minute', e.opened_at, e.first_reply_at) / 60.0 as first_reply_hours,
    e.load_id
from {{ ref("conformed_tickets") }} e {{ join_customer() }}
where e.deleted_at is null and {{ is_of_somebody_free() }} {{ changed_since_last_run() }}
