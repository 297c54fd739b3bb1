-- A row for each customer who bought by a day: repeat purchases (x), days from the first purchase to the last (t_x) and to
-- that day (observed), and what was spent. Several purchases on one day are one.
-- Both times are told in steps of so many days. Customers of one history share its number.
create or replace temp table customer_counts as
select
    row_number() over (order by customer) - 1 as number,
    dense_rank() over (order by x, t_x, observed) - 1 as history,
    *
from
    (
        select
            customer,
            count(*) filter (is_purchase) - 1 as x,
            date_diff('day', min(day) filter (is_purchase), max(day) filter (is_purchase)) // {{ step }} * {{ step }} as t_x,
            date_diff('day', min(day) filter (is_purchase), date '{{ until }}') // {{ step }} * {{ step }} as observed,
            sum(amount) as spent
        from purchase_days
        where day <= date '{{ until }}' and hash(customer) % {{ one_in }} = 0
        group by customer
        having bool_or(is_purchase)
    );

create or replace temp table distinct_histories as
select history, x, t_x, observed, count(*) as customers
from customer_counts
group by all;
