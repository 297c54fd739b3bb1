select
    count(*) as people,
    count(*) as customer_count,
    -- some may be in the row of small groups, which does not tell how many
    case
        when not coalesce(bool_or(country_code = 'other (small groups)'), false)
        then count(*) filter (where country_code is null)
    end as without_country_count,
    case
        when not bool_or(age_band = 'other (small groups)')
        then count(*) filter (where age_band = 'unknown')
    end as without_age_count,
    -- of few they are in the row of small groups, which does not tell how many
    case
        when bool_or(lifecycle_stage = 'not profiled') or not coalesce(bool_or(lifecycle_stage = 'other (small groups)'), false)
        then count(*) filter (where lifecycle_stage = 'not profiled')
    end as not_profiled_count
from bi.dim_customers
