select
    f.source_system,
    f.source_key,
    c.customer_key,
    {{ analyst_time("f.started_at") }} as started_at,
    {{ analyst_time("f.renewed_at") }} as renewed_at,
    {{ analyst_time("f.cancelled_at") }} as cancelled_at,
    f.cancellation_reason,
    f.is_active
from {{ ref("fct_subscriptions") }} f
left join {{ ref("dim_customers") }} c using (customer_id)
