select
    count(*) as people,
    count(*) as customer_count,
    count(*) filter (where country_code is null) as without_country_count,
    count(*) filter (where age_band = 'unknown') as without_age_count,
    count(*) filter (where lifecycle_stage = 'not profiled') as not_profiled_count
from bi.dim_customers
