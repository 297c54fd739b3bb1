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
            ) d(driver, with_it, with_it_reached)
        -- of each driver only weeks that tell of both sides
        where n.reached_count is not null and d.with_it_reached is not null
    ),
    summed as (
        select
            driver,
            sum(with_it) as with_it,
            sum(with_it_reached) as with_it_reached,
            sum(customer_count - with_it) as without_it,
            sum(reached_count - with_it_reached) as without_it_reached
        from told
        group by driver
        having sum(with_it) > 0
    )
select
    driver,
    side.applies,
    cast(side.customers as bigint) as people,
    cast(side.customers as bigint) as customer_count,
    cast(side.reached as bigint) as reached_count
from summed s, lateral (values ('yes', s.with_it, s.with_it_reached), ('no', s.without_it, s.without_it_reached)) side(applies, customers, reached)
