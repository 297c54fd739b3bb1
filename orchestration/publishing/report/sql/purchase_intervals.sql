select
    order_number,
    customer_count as people,
    customer_count,
    next_order_count as ordered_again_count,
    p50_days as median_days,
    next_order_count as median_days_people
from bi.purchase_intervals
where order_number <= 5
