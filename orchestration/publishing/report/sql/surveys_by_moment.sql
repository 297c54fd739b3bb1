select
    survey,
    case moment when 'other' then 'at another time' else moment end as moment,
    people_count as people,
    asked_count,
    net_promoter_score as nps_score,
    nps_people_count as nps_score_people_rounded,
    nullif(nps_people_count * (1 - abs(net_promoter_score) / 100.0), 0) - {{ rounded_by }} as nps_score_rest,
    mean_csat as csat_average,
    csat_people_count as csat_average_people_rounded,
    nullif(csat_people_count * least(5 - mean_csat, mean_csat - 1), 0) - {{ rounded_by }} as csat_average_rest
from bi.survey_performance
where people_count is not null
