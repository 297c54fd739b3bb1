select
    survey,
    case moment when 'other' then 'at another time' else moment end as moment,
    people_count as people,
    asked_count,
    net_promoter_score as nps_score,
    nps_people_count as nps_score_people_rounded,
    mean_csat as csat_average,
    csat_people_count as csat_average_people_rounded
from bi.survey_performance
where people_count is not null
