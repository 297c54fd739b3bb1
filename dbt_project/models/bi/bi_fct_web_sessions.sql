select
    f.source_system,
    f.source_key,
    {{ customer_key("f.customer_id") }} as customer_key,
    f.started_at,
    f.duration_seconds,
    f.page_views,
    f.landing_channel,
    f.campaign,
    f.is_bounce,
    f.is_converted
from {{ ref("fct_web_sessions") }} f
