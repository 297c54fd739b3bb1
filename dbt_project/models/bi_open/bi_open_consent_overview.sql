select
    purpose,
    channel,
    {{ rounded("customer_count") }} as customer_count,
    {{ rounded("permitted_count") }} as permitted_count,
    {{ rounded("expiring_count") }} as expiring_count,
    {{ rounded("withdrawn_count") }} as withdrawn_count,
    {{ rounded("re_consent_count") }} as re_consent_count,
    {{ rounded("closed_by_register_count") }} as closed_by_register_count
from {{ ref("bi_consent_overview") }}
