with
    answered as (
        select
            cast(date_trunc('month', submitted_at) as date) as answered_month,
            customer_key,
            nps
        from bi.fct_survey_responses
        where
            nps is not null
            and submitted_at >= date_trunc('month', {{ as_of }}) - interval 12 months
            and submitted_at <= {{ as_of }}
    )
select
    answered_month,
    count(distinct customer_key) as people,
    count(distinct customer_key) as known_respondent_count,
    {{ metric_nps }} as nps_score,
    count(distinct customer_key) as nps_score_people,
    {{ rest_nps }} as nps_score_rest
from answered
group by answered_month
