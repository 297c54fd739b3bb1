select
    count(*) as people,
    cast({{ metric_customers }} as bigint) as customer_count,
    cast({{ metric_customers_with_orders }} as bigint) as buyer_count
from bi.dim_customers
