-- Of each arm: customers with an outcome, its mean and variance; rows that are in no figure, by why; whether all outcomes are
-- yes or no. `{arm}` and `{outcome}` are columns of the temp table campaign.
with written as (
    select
        nullif(trim(cast({arm} as varchar)), '') as arm,
        nullif(trim(cast({outcome} as varchar)), '') as outcome
    from campaign
),
read as (
    select
        arm,
        outcome,
        case
            when lower(outcome) in ('true', 'yes', 'y', 't') then 1.0
            when lower(outcome) in ('false', 'no', 'n', 'f') then 0.0
            -- a number is written with a decimal comma here, and as inf or nan nowhere
            when regexp_full_match(outcome, '[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?')
            then try_cast(replace(outcome, ',', '.') as double)
        end as value
    from written
)
select
    arm,
    count(value) filter (arm is not null) as customers,
    avg(value) as mean,
    coalesce(var_samp(value), 0) as variance,
    count(*) filter (arm is null) as without_arm,
    count(*) filter (arm is not null and outcome is null) as without_outcome,
    count(*) filter (arm is not null and outcome is not null and value is null) as unreadable,
    bool_and(value in (0, 1)) as is_rate
from read
group by arm
