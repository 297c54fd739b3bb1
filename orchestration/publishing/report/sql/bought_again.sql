select
    cohort_month,
    grain as period,
    cohort_customer_count as people_rounded,
    cohort_customer_count as new_customer_count_rounded,
    repeat_customer_count as bought_again_count_rounded,
    repeat_share as bought_again_share,
    cohort_customer_count as bought_again_share_of_rounded
from bi.cohort_retention
where
    months_since = 3
    and is_final
    and cohort_month >= date_trunc(if(grain = 'year', 'year', 'month'), date_trunc('month', {{ as_of }}) - interval 16 months)
