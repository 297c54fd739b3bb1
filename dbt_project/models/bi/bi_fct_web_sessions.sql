select
    f.source_system,
    f.source_key,
    c.customer_key,
    {{ analyst_time("f.started_at") }} as started_at,
    f.duration_seconds,
    f.page_views,
    f.landing_channel,
    f.campaign,
    f.is_bounce,
    f.is_converted
from {{ ref("fct_web_sessions") }} f
left join {{ ref("dim_customers") }} c using (customer_id)
