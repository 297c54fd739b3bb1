-- counts of people are rounded there to the nearest multiple of min_people. Below 10, half of one is at most 4, so at least so
-- many are behind a score; from 10 on it is k, and counts below it are not there
select
    survey,
    moment,
    people_count as people,
    asked_count,
    net_promoter_score as nps_score,
    nps_people_count - 4 as nps_score_people,
    mean_csat as csat_average,
    csat_people_count - 4 as csat_average_people
from bi.survey_performance
where people_count is not null
