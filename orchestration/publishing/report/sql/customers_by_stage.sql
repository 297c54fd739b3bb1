select
    lifecycle_stage,
    count(*) as people,
    count(*) as customer_count,
    sum(revenue_amount) as net_amount,
    max(abs(revenue_amount)) as net_amount_largest
from bi.dim_customers
group by lifecycle_stage
