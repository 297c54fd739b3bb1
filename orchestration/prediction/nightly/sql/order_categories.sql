-- The category on which each order's customer spent most, of customers who may be profiled, by the time of the night: of equal ones the last by
-- name. Amount and category are one number, of which the greatest counts: cents, and the category in the lowest 32 bits. Lines and orders are
-- grouped together, which takes less than a join of both. `tie` parts orders of one moment.
create or replace temp table order_categories as
with
    lines as (
        select source_system, order_key, p.category, sum(coalesce(i.gross_amount, i.line_amount, 0)) as amount
        from marts.fct_order_items i
        join category_products p using (source_system, product_key)
        where coalesce(i.quantity, 1) > 0
        group by all
    ),
    told as (
        select
            source_system,
            order_key,
            cast(100 * amount as hugeint) * 4294967296 + category as spent_on,
            null as customer,
            null as ordered_at
        from lines
        union all
        select o.source_system, o.source_key, null, c.customer, o.ordered_at
        from marts.fct_orders o
        join category_customers c using (customer_id)
        where o.is_order and o.ordered_at < $as_of
    )
select
    max(customer) as customer,
    max(ordered_at) as ordered_at,
    hash(source_system, order_key) as tie,
    cast(max(spent_on) & 4294967295 as uinteger) as category
from told
group by source_system, order_key
having max(customer) is not null and max(spent_on) is not null
