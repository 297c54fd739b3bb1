{{ config(materialized="table") }}

select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    {{ shown("product_name") }} as product_name,
    {{ shown("category") }} as category,
    f.price_amount,
    f.currency
from
    {{ ref("dim_products") }} f
    {{ joined_shown(["source_key"], is_key=true) }}
    {{ joined_shown(["product_name", "category"]) }}
