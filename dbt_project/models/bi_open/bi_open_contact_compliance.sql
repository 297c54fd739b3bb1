select sent_month, purpose, channel, is_lawful, reason_code, reason, {{ rounded("message_count") }} as message_count
from {{ ref("bi_contact_compliance") }}
