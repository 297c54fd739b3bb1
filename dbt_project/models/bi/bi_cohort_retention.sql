-- rounded: exact counts of one month and the next, subtracted, would tell of one person
select
    cohort_month,
    months_since,
    {{ rounded("cohort_customer_count") }} as cohort_customer_count,
    {{ rounded("active_customer_count") }} as active_customer_count,
    {{ rounded("repeat_customer_count") }} as repeat_customer_count,
    {%- for part in ["active", "repeat"] %}
        {{ share_unless_few(part ~ "_customer_count", "cohort_customer_count") }} as {{ part }}_share,
    {%- endfor %}
    case when active_customer_count >= {{ var("min_people") }} or order_count = 0 then order_count end as order_count,
    -- a month without an order may have one customer's credit note
    case when active_customer_count >= {{ var("min_people") }} or net_amount = 0 then net_amount end as net_amount,
    currency,
    is_final
from {{ ref("cohort_retention") }}
