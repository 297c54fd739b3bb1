-- paths as a Markov chain: from a start over channels to a purchase, or to none. A channel matters by what share of
-- the purchases is lost where every path that comes to it ends there. A purchase without a touch is no path: no
-- channel can lose it
{%- set doublings = range(10) %}
with
    frequencies as (
        select channel, row_number() over (order by count(*) desc, channel) as place
        from {{ ref("attribution_paths") }}
        where touched_at is not null
        group by channel
    ),
    touches as (
        select
            p.customer_id,
            p.path_number,
            p.touch_number,
            p.is_converted,
            {{ markov_state("f.place", "p.channel") }} as state,
            lag({{ markov_state("f.place", "p.channel") }}) over (
                partition by p.customer_id, p.path_number order by p.touch_number
            ) as previous
        from {{ ref("attribution_paths") }} p
        join frequencies f on f.channel = p.channel
        where p.touched_at is not null
    ),
    -- the same channel again is no step
    steps as (
        select
            state,
            is_converted,
            lag(state, 1, '(start)') over each_path as from_state,
            lead(state) over each_path as to_state
        from touches
        where previous is distinct from state
        window each_path as (partition by customer_id, path_number order by touch_number)
    ),
    counted as (
        select from_state, to_state, cast(count(*) as double) as steps
        from
            (
                select from_state, state as to_state
                from steps
                where from_state = '(start)'
                union all
                select state, coalesce(to_state, case when is_converted then '(purchase)' else '(nothing)' end)
                from steps
            ) s
        group by 1, 2
    ),
    chances as (select from_state, to_state, steps / sum(steps) over (partition by from_state) as chance from counted),
    -- with every channel, and without each one
    removals as (
        select '' as removed
        union all
        select distinct from_state
        from counted
        where from_state <> '(start)'
    ),
    links as (
        select r.removed, c.from_state, c.to_state, c.chance
        from removals r
        join chances c on c.from_state <> r.removed and c.to_state <> r.removed
    ),
    bought_0 as (select removed, from_state, chance from links where to_state = '(purchase)'),
    moved_0 as (
        select removed, from_state, to_state, chance from links where to_state not in ('(purchase)', '(nothing)')
    ),
    -- each doubling counts twice as many steps: 1,024 in all
    {%- for n in doublings %}
        bought_{{ n + 1 }} as (
            select removed, from_state, sum(chance) as chance
            from
                (
                    select removed, from_state, chance
                    from bought_{{ n }}
                    union all
                    select m.removed, m.from_state, m.chance * b.chance
                    from moved_{{ n }} m
                    join bought_{{ n }} b on b.removed = m.removed and b.from_state = m.to_state
                ) s
            group by 1, 2
        ),
        moved_{{ n + 1 }} as (
            select a.removed, a.from_state, b.to_state, sum(a.chance * b.chance) as chance
            from moved_{{ n }} a
            join moved_{{ n }} b on b.removed = a.removed and b.from_state = a.to_state
            group by 1, 2, 3
        ),
    {%- endfor %}
    effects as (
        select
            r.removed,
            -- doubles add up to slightly other sums in another order
            greatest(round(1 - coalesce(w.chance, 0) / nullif(a.chance, 0), 9), 0) as removal_effect
        from removals r
        left join bought_{{ doublings | length }} w on w.removed = r.removed and w.from_state = '(start)'
        left join bought_{{ doublings | length }} a on a.removed = '' and a.from_state = '(start)'
        where r.removed <> ''
    )
select
    f.channel,
    e.removed as state,
    e.removal_effect,
    -- of a state of several channels each has the state's
    e.removal_effect / nullif(s.effects, 0) as credit_share
from frequencies f
join effects e on e.removed = {{ markov_state("f.place", "f.channel") }}
cross join (select sum(removal_effect) as effects from effects) s
