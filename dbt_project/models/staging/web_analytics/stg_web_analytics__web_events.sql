select
    event_id as source_key,
    session_id as session_key,
    visitor_id as visitor_key,
    'webshop' as person_system,
    customer_id::varchar as person_key,
    kind,
    page,
    element,
    scroll_depth,
    term,
    result_count,
    product_id::varchar as product_key,
    occurred_at,
    {{ staging_end("web_analytics", [required("occurred_at", "time")]) }}
from {{ source("web_analytics", "events") }}
