with
    answered as (
        select customer_key, nps
        from bi.fct_survey_responses
        where nps is not null and submitted_at > {{ as_of }} - interval 90 days and submitted_at <= {{ as_of }}
    )
select
    count(distinct customer_key) as people,
    {{ metric_nps }} as nps_score,
    count(distinct customer_key) as nps_score_people,
    {{ rest_nps }} as nps_score_rest
from answered
