{{ fact_config("interactions") }}

select
    e.source_system,
    e.source_key,
    s.customer_id,
    e.person_system,
    e.person_key,
    e.channel,
    e.direction,
    e.occurred_at,
    e.topic,
    e.load_id
from {{ ref("conformed_interactions") }} e {{ join_customer() }}
where e.deleted_at is null and {{ is_of_somebody_free() }} {{ changed_since_last_run() }}
