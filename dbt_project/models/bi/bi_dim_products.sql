{{ config(materialized="table") }}

select source_system, source_key, product_name, category, price_amount, currency
from {{ ref("dim_products") }}
