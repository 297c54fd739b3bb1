with
    asked as (
        select
            coalesce(survey, 'unknown') as survey,
            customer_key,
            submitted_at is not null as is_answered,
            nps,
            csat,
            ces
        from bi.fct_survey_responses
        where
            coalesce(submitted_at, sent_at) > {{ as_of }} - interval 12 months
            and coalesce(submitted_at, sent_at) <= {{ as_of }}
    )
select
    survey,
    count(distinct customer_key) as people,
    count(distinct case when is_answered then customer_key end) as known_respondent_count,
    {{ metric_nps }} as nps_score,
    count(distinct case when nps is not null then customer_key end) as nps_score_people,
    {{ rest_nps }} as nps_score_rest,
    {{ metric_csat }} as csat_average,
    count(distinct case when csat is not null then customer_key end) as csat_average_people,
    {{ rest_csat }} as csat_average_rest,
    {{ metric_ces }} as ces_average,
    count(distinct case when ces is not null then customer_key end) as ces_average_people,
    {{ rest_ces }} as ces_average_rest
from asked
group by survey
