-- The category on which each order's customer spent most, of customers who may be profiled, by the time of the night.
-- Categories that tell of a special category of data (Art. 9) are passed over: nobody may infer them.
create or replace temp table order_categories as
with
    lines as (
        select
            i.source_system,
            i.order_key,
            trim(p.category) as category,
            sum(coalesce(i.gross_amount, i.line_amount, 0)) as amount
        from marts.fct_order_items i
        join marts.dim_products p on p.source_system = i.source_system and p.source_key = i.product_key
        where
            coalesce(i.quantity, 1) > 0
            and trim(p.category) <> ''
            and not list_contains($refused::varchar[], p.category)
        group by all
    ),
    orders as (
        select source_system, order_key, max({amount: amount, category: category}).category as category
        from lines
        group by all
    )
select o.customer_id, o.ordered_at, o.source_system, o.source_key, l.category
from marts.fct_orders o
semi join marts.customer_profile c on c.customer_id = o.customer_id
join orders l on l.source_system = o.source_system and l.order_key = o.source_key
where o.is_order and o.ordered_at < $as_of
