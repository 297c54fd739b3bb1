select
    audience, purpose, channel, step_order, step, reason_code, reason, {{ rounded("customer_count") }} as customer_count
from {{ ref("bi_audience_funnel") }}
