-- The purchases of each customer in their order. Beyond so many categories all are one without a name: what few customers
-- bought is told of nobody.
create or replace temp table purchase_steps as
with
    many as (
        select category
        from order_categories
        group by category
        order by count(distinct customer_id) desc, category
        limit $most
    )
select
    o.customer_id,
    o.ordered_at,
    coalesce(m.category, '') as category,
    row_number() over steps as nth,
    lag(coalesce(m.category, '')) over steps as last_category
from order_categories o
left join many m on m.category = o.category
window steps as (partition by o.customer_id order by o.ordered_at, o.source_system, o.source_key)
