with
    answered as (
        select
            cast(date_trunc('month', submitted_at) as date) as answered_month,
            coalesce(customer_key, source_system || ':' || source_key) as person,
            nps
        from bi.fct_survey_responses
        where
            nps is not null
            and submitted_at >= date_trunc('month', {{ as_of }}) - interval 12 months
            and submitted_at <= {{ as_of }}
    )
select
    answered_month,
    count(distinct person) as people,
    count(distinct person) as respondent_count,
    100.0 * (count(*) filter (where nps >= 9) - count(*) filter (where nps <= 6)) / count(*) as nps_score,
    count(distinct person) as nps_score_people
from answered
group by answered_month
