with
    answered as (
        select customer_key, nps
        from bi.fct_survey_responses
        where nps is not null and submitted_at > {{ as_of }} - interval 90 days and submitted_at <= {{ as_of }}
    )
select
    count(distinct customer_key) as people,
    100.0 * (count(*) filter (where nps >= 9) - count(*) filter (where nps <= 6)) / nullif(count(*), 0) as nps_score,
    count(distinct customer_key) as nps_score_people
from answered
