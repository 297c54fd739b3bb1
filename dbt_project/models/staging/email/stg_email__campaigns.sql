select
    campaign_id::varchar as source_key, name, 'email' as channel, list as purpose, sent_at, {{ staging_end("email") }}
from {{ source("email", "campaigns") }}
