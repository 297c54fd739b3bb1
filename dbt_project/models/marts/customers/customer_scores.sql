{{ config(materialized="view") }}
select
    s.customer_id,
    s.score,
    s.value,
    s.outcome,
    s.lower as lower_value,
    s.upper as upper_value,
    s.decile,
    s.reasons,
    s.reason_codes,
    s.version as model_version,
    s.as_of as scored_at
from {{ source("scores", "customer_scores") }} s
-- who may not be profiled any more has no score from then on
join {{ ref("customer_profile") }} p on p.customer_id = s.customer_id
