with
    answered as (
        select coalesce(customer_key, source_system || ':' || source_key) as person, nps
        from bi.fct_survey_responses
        where nps is not null and submitted_at > {{ as_of }} - interval 90 days and submitted_at <= {{ as_of }}
    )
select
    count(distinct person) as people,
    100.0 * (count(*) filter (where nps >= 9) - count(*) filter (where nps <= 6)) / nullif(count(*), 0) as nps_score,
    count(distinct person) as nps_score_people
from answered
