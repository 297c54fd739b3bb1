select
    cohort_month,
    cohort_customer_count as people,
    cohort_customer_count as new_customer_count,
    repeat_customer_count as bought_again_count
from bi.cohort_retention
where
    months_since = 3
    and is_final
    and cohort_month >= date_trunc('month', {{ as_of }}) - interval 16 months
