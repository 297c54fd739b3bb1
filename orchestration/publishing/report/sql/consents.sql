select
    purpose,
    channel,
    customer_count as people,
    customer_count,
    permitted_count,
    withdrawn_count,
    re_consent_count,
    expiring_count
from bi.consent_overview
