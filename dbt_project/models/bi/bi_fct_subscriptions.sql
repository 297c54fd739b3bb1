select
    f.source_system,
    f.source_key,
    {{ customer_key("f.customer_id") }} as customer_key,
    f.started_at,
    f.renewed_at,
    f.cancelled_at,
    f.cancellation_reason,
    f.is_active
from {{ ref("fct_subscriptions") }} f
