-- Of everybody who has the score: groups by gender, age band and region, with the mean score and the share in the fifth with the
-- highest scores. Small groups are for the caller to put together.
with
    told as (
        select
            s.value,
            s.decile,
            coalesce(nullif(c.gender, ''), $unknown) as gender,
            date_sub('year', c.birth_date, cast(s.as_of as date)) as age,
            coalesce(nullif(p.region, ''), $unknown) as region
        from scores.customer_scores s
        join marts.customer_profile p on p.customer_id = s.customer_id
        join marts.dim_customers c on c.customer_id = s.customer_id
        where s.score = $score
    ),
    banded as (
        select
            *,
            case
                when age is null then $unknown else $names[1 + len(list_filter($bands::integer[], lambda b: b <= age))]
            end as "age band"
        from told
    ),
    grouped as (
        select
            case
                when grouping(gender) = 0 then 'gender' when grouping("age band") = 0 then 'age band' else 'region'
            end as tells,
            coalesce(gender, "age band", region) as name,
            count(*) as customers,
            avg(value) as mean_score,
            count(*) filter (decile >= 9) / count(*) as in_top_fifth
        from banded
        group by grouping sets ((gender), ("age band"), (region))
    )
select tells, name, customers, mean_score, in_top_fifth
from grouped
order by tells, name
