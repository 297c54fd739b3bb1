select
    count(*) as people,
    count(*) as customer_count,
    count(*) filter (where order_count > 0) as buyer_count
from bi.dim_customers
