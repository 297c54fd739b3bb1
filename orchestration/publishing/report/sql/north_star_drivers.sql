with
    newest as (from bi.north_star where is_final order by week_on desc limit 13),
    told as (
        select n.customer_count, n.reached_count, d.*
        from
            newest n,
            lateral (
                values
                ('clicked an email', n.clicked_count, n.clicked_reached_count),
                ('first order partly returned', n.partly_returned_count, n.partly_returned_reached_count),
                ('first order with a discount', n.discounted_count, n.discounted_reached_count),
                ('visited the site again', n.visited_count, n.visited_reached_count)
            ) d(driver, with_count, with_reached)
        -- of each driver only weeks that tell of both sides
        where n.reached_count is not null and d.with_reached is not null
    )
select
    driver,
    cast(sum(customer_count) as bigint) as people,
    cast(sum(with_count) as bigint) as with_count,
    cast(sum(with_reached) as bigint) as with_reached_count,
    cast(sum(customer_count - with_count) as bigint) as without_count,
    cast(sum(reached_count - with_reached) as bigint) as without_reached_count
from told
group by driver
having sum(with_count) > 0
