{{ fact_config("subscriptions") }}

select
    e.source_system,
    e.source_key,
    s.customer_id,
    e.person_system,
    e.person_key,
    e.started_at,
    e.renewed_at,
    e.cancelled_at,
    e.reason as cancellation_reason,
    e.cancelled_at is null as is_active,
    e.load_id
from {{ ref("conformed_subscriptions") }} e {{ join_customer() }}
where e.deleted_at is null and {{ is_of_somebody_free() }} {{ changed_since_last_run() }}
