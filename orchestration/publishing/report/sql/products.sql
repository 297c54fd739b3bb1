select
    coalesce(product_name, product_key) as product,
    coalesce(category, 'unknown') as category,
    customer_count as people,
    customer_count,
    order_count,
    cast(p50_price_amount as double) as median_price_average,
    first_buyer_count,
    came_back_count
from bi.product_performance
