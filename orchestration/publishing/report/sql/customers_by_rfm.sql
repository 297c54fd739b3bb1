select
    rfm_segment,
    count(*) as people,
    count(*) as customer_count,
    sum(revenue_amount) as net_amount,
    max(abs(revenue_amount)) as net_amount_largest
from bi.dim_customers
where rfm_segment not in ('no order', 'not profiled', 'in no segment')
group by rfm_segment
