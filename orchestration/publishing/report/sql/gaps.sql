-- places and ages of dim_customers hide those of few: what is missing is counted where all customers are
with
    missing as (
        select affected_count
        from bi.data_quality_by_night
        where subject = 'without country code' and area = 'records' and is_last_of_day and described_at <= {{ as_of }}
        order by described_at desc
        limit 1
    )
select
    count(*) as people,
    count(*) as customer_count,
    (from missing) as without_country_count_rounded,
    -- of few they are in the row of small groups, which does not tell how many
    (
        select
            case
                when bool_or(age_band = 'unknown')
                then max(customer_count) filter (age_band = 'unknown')
                when not bool_or(age_band = {{ lumped }})
                then 0
            end
        from bi.customers_by_age
    ) as without_age_count_rounded,
    case
        when bool_or(lifecycle_stage = 'not profiled') or not coalesce(bool_or(lifecycle_stage = {{ lumped }}), false)
        then count(*) filter (where lifecycle_stage = 'not profiled')
    end as not_profiled_count
from bi.dim_customers
