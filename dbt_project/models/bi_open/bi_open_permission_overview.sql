select
    purpose,
    channel,
    reason_code,
    reason,
    {{ rounded("customer_count") }} as customer_count,
    {{ rounded("permitted_count") }} as permitted_count
from {{ ref("bi_permission_overview") }}
