select
    session_id as source_key,
    visitor_id as visitor_key,
    'webshop' as person_system,
    customer_id::varchar as person_key,
    started_at,
    duration_seconds,
    page_views,
    landing_channel,
    campaign,
    is_bounce,
    is_converted,
    {{ staging_end("web_analytics", [required("started_at", "start")]) }}
from {{ source("web_analytics", "sessions") }}
