-- The rows of a model out of the temporary table `scored`: nobody who may not be profiled, deciles (10 is the highest
-- tenth; equal values share one), and the reasons in words, by the relation `reason_words`.
insert into scores.customer_scores
with
    profiled as (
        select s.*
        from scored s
        semi join marts.customer_profile p on p.customer_id = s.customer_id
        where s.value is not null and isfinite(s.value) and not list_contains($without, s.score)
    ),
    -- there are few combinations of reasons, however many customers
    told as (
        select
            p.reason_codes,
            string_agg(w.words, '; ' order by p.nth) as reasons,
            string_agg(p.code, ', ' order by p.nth) as codes
        from
            (
                select reason_codes, unnest(reason_codes) as code, generate_subscripts(reason_codes, 1) as nth
                from (select distinct reason_codes from profiled)
            ) p
        join reason_words w on w.code = p.code
        group by p.reason_codes
    ),
    ranked as (
        select
            *,
            rank() over (partition by score order by value) as place,
            count(*) over (partition by score, value) as same,
            count(*) over (partition by score) as customers
        from profiled
    )
select
    r.customer_id,
    r.score,
    round(r.value, 6),
    round(r.lower, 6),
    round(r.upper, 6),
    -- where the middle of those with the same value stands
    least(10, 1 + cast(floor(10 * (r.place - 1 + (r.same - 1) / 2) / r.customers) as integer)) as decile,
    $version,
    $as_of,
    coalesce(t.reasons, ''),
    coalesce(t.codes, ''),
    r.outcome
from ranked r
left join told t on t.reason_codes = r.reason_codes
