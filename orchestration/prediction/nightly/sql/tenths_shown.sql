-- The tenths of a score: how many customers, and the lowest and highest value. Those of few customers are left out, and with them the smallest of
-- the others: all customers less those shown would tell of the few.
with
    tenths as (
        select decile, count(*) as customers, min(value) as low, max(value) as high
        from scores.customer_scores
        where score = $score
        group by decile
    ),
    marked as (
        select *, {{ is_of_few }} as is_left_out
        from tenths
    )
select decile, customers, low, high
from marked
where not is_left_out
order by decile desc
