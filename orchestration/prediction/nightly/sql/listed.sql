-- Each score as it stands: of how many customers, by which fit, and whether a newer fit is held back.
with
    told as (
        select
            score, any_value(version) as version, max(as_of) as as_of, count(*) as customers, avg(value) as mean,
            case when min(decile) = max(decile) then min(decile) end as only_decile
        from scores.customer_scores
        group by score
    ),
    fits as (
        select score, version, as_of, is_held_back, why, max(rowid) as nth from scores.score_quality group by all
    ),
    newest as (select * from fits qualify row_number() over (partition by score order by as_of desc, nth desc) = 1)
select
    coalesce(t.score, n.score) as score,
    t.version,
    t.as_of,
    coalesce(t.customers, 0) as customers,
    t.mean,
    t.only_decile,
    f.as_of as fitted_at,
    coalesce(n.is_held_back, false) as is_held_back,
    coalesce(n.why, '') as why
from told t
full join newest n on n.score = t.score
left join fits f on f.score = t.score and f.version = t.version
order by 1
