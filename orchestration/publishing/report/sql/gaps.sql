select
    count(*) as people,
    count(*) as customer_count,
    count(*) filter (where country_code is null) as without_country_count,
    count(*) filter (where age_band = 'unknown') as without_age_count,
    -- of few they are in the row of several stages, which does not tell how many
    case
        when bool_or(lifecycle_stage = 'not profiled') or not coalesce(bool_or(lifecycle_stage = 'other (small groups)'), false)
        then count(*) filter (where lifecycle_stage = 'not profiled')
    end as not_profiled_count
from bi.dim_customers
