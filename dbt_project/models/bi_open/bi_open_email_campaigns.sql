select
    source_system,
    campaign_key,
    campaign_name,
    purpose,
    sent_at,
    {{ rounded("sent_count") }} as sent_count,
    {{ rounded("delivered_count") }} as delivered_count,
    {{ rounded("opened_count") }} as opened_count,
    {{ rounded("clicked_count") }} as clicked_count,
    {{ rounded("bounced_count") }} as bounced_count,
    {{ rounded("unsubscribed_count") }} as unsubscribed_count,
    {{ rounded("complained_count") }} as complained_count
from {{ ref("bi_email_campaigns") }}
