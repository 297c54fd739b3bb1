with
    named as (
        select source_system, product_key, coalesce(product_name, product_key) as product, coalesce(category, 'unknown') as category
        from bi.product_performance
    )
select
    one.product,
    one.category,
    other.product as other_product,
    a.customer_count as people,
    a.customer_count,
    a.lift as lift_average
from bi.product_affinity a
join named one on one.source_system = a.source_system and one.product_key = a.product_key
join named other on other.source_system = a.source_system and other.product_key = a.other_product_key
where a.product_key < a.other_product_key and a.lift > 1
