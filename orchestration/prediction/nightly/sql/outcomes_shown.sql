-- Of a score that chooses one of several: how many customers have which outcome as the likeliest, and its mean chance. Outcomes of few customers are
-- one row, and with them the smallest of the others, as in bi (few.sql): all customers less those shown would tell of the few.
with
    outcomes as (
        select outcome, count(*) as customers, avg(value) as chance
        from scores.customer_scores
        where score = $score and outcome is not null
        group by outcome
    ),
    marked as (
        select *, {{ is_of_few }} as is_lumped
        from outcomes
    )
select
    case when is_lumped then {{ lumped }} else outcome end as shown,
    cast(sum(customers) as bigint) as of_customers,
    sum(chance * customers) / sum(customers) as mean_chance
from marked
group by shown, is_lumped
having of_customers >= $few
order by is_lumped, of_customers desc, shown
