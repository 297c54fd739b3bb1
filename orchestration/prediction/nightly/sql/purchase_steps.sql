-- The purchases of each customer in their order. Beyond so many categories all are one without a name, 0: what few customers
-- bought is told of nobody.
create or replace temp table purchase_steps as
with
    there as (select distinct category from order_categories),
    is_more as (select count(*) > $most as is_more from there),
    many as (
        select category
        from there, is_more
        where not is_more
        union all
        from
            (
                select category
                from order_categories, is_more
                where is_more
                group by category
                order by count(distinct customer) desc, category
                limit $most
            )
    ),
    named as (
        select o.* replace (cast(coalesce(m.category, 0) as uinteger) as category)
        from order_categories o
        left join many m using (category)
    )
select
    customer,
    ordered_at,
    category,
    cast(row_number() over steps as uinteger) as nth,
    lag(category) over steps as last_category
from named
window steps as (partition by customer order by ordered_at, tie)
