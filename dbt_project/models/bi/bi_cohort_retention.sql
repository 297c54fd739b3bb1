select
    cohort_month,
    months_since,
    {{ unless_few("cohort_customer_count") }} as cohort_customer_count,
    {{ part_unless_few("active_customer_count", "cohort_customer_count") }} as active_customer_count,
    {{ part_unless_few("repeat_customer_count", "cohort_customer_count") }} as repeat_customer_count,
    case when not {{ is_few("active_customer_count") }} then order_count end as order_count,
    case when not {{ is_few("active_customer_count") }} then net_amount end as net_amount,
    currency,
    is_final
from {{ ref("cohort_retention") }}
