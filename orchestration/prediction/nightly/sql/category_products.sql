-- The category of each product as a number, in the order of the categories' names: orders are grouped faster by numbers than by names.
-- Categories that tell of a special category of data (Art. 9) are passed over: nobody may infer them.
create or replace temp table category_products as
select
    source_system,
    source_key as product_key,
    trim(category) as name,
    cast(dense_rank() over (order by trim(category)) as uinteger) as category
from marts.dim_products
where trim(category) <> '' and is_special_category is not true
