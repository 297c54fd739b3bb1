select source_system, source_key, name as product_name, category, price as price_amount, unit_cost, currency
from {{ ref("conformed_products") }}
where deleted_at is null
