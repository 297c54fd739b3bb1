-- how popular each category was at a moment, and how often it followed another one
create or replace temp table category_base as
with
    categories as (
        select
            category,
            (count(*) filter (ordered_at < $at) + 1)
            / sum(count(*) filter (ordered_at < $at) + 1) over () as popular
        from purchase_steps
        group by category
    ),
    pairs as (
        select last_category, category, count(*) as times
        from purchase_steps
        where last_category is not null and ordered_at < $at
        group by all
    ),
    seen as (select last_category, sum(times) as times from pairs group by all)
select
    l.category as last_category,
    c.category,
    c.popular,
    (coalesce(p.times, 0) + $smoothing * c.popular) / (coalesce(s.times, 0) + $smoothing) as follows
from categories l
cross join categories c
left join pairs p on p.last_category = l.category and p.category = c.category
left join seen s on s.last_category = l.category
