select
    engagement_id as source_key,
    network,
    kind,
    occurred_at,
    handle,
    {{ staging_end("web_analytics", [required("occurred_at", "time")]) }}
from {{ source("web_analytics", "social_engagements") }}
