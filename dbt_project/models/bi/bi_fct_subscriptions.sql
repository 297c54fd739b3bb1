select
    f.source_system,
    f.source_key,
    c.customer_key,
    f.started_at,
    f.renewed_at,
    f.cancelled_at,
    f.cancellation_reason,
    f.is_active
from {{ ref("fct_subscriptions") }} f
left join {{ ref("dim_customers") }} c using (customer_id)
