select
    p.source_system,
    p.source_key,
    p.name as product_name,
    p.category,
    p.price as price_amount,
    p.unit_cost,
    p.currency,
    n.value is not null or c.value is not null as is_special_category
from {{ ref("conformed_products") }} p
left join {{ source("identity", "special_values") }} n on n.value = p.name
left join {{ source("identity", "special_values") }} c on c.value = p.category
where p.deleted_at is null
