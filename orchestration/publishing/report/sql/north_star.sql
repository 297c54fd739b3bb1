-- a week that bi may tell of is often of too few for whoever a report is sent on to: the finest of week, month, quarter and year in
-- which nearly all may be told. Only weeks in which many came back, or many did not, would be no fair sample
with
    periods as (
        select
            g.place,
            cast(if(g.period = 'own', week_on, date_trunc(g.period, week_on)) as date) as week_on,
            any_value(if(g.period = 'own', grain, g.period)) as period,
            sum(customer_count) as customers,
            sum(customer_count) filter (reached_count is not null) as known_count,
            sum(reached_count) as reached_count,
            max(target_share) as target_share
        from bi.north_star, (values (1, 'own'), (2, 'month'), (3, 'quarter'), (4, 'year')) g(place, period)
        where is_final and (g.period = 'own' or list_position(['week', 'month', 'quarter', 'year'], grain) < g.place)
        group by 1, 2
    ),
    told as (
        select
            *,
            coalesce(
                known_count >= {{ least_told }} * customers
                and (reached_count = 0 or reached_count >= {{ k }})
                and (reached_count = known_count or known_count - reached_count >= {{ k }}),
                false
            ) as is_told
        from periods
    ),
    grains as (
        select place, sum(customers) filter (is_told) >= {{ least_told }} * sum(customers) as is_enough
        from told
        group by place
    )
select
    week_on,
    period,
    cast(coalesce(known_count, customers) as bigint) as people,
    cast(coalesce(known_count, customers) as bigint) as new_customer_count,
    cast(reached_count as bigint) as reached_count,
    cast(round(100 * target_share) as bigint) as target_percent
from told
join (from grains order by is_enough desc nulls last, if(is_enough, place, -place) limit 1) g using (place)
where g.is_enough
qualify row_number() over (order by week_on desc) <= 52
