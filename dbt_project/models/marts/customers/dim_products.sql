select source_system, source_key, name as product_name, category, price as price_amount, currency
from {{ ref("conformed_products") }}
where deleted_at is null
