select audience, purpose, channel, step_order, step, reason, {{ rounded("customer_count") }} as customer_count
from {{ ref("bi_audience_funnel") }}
