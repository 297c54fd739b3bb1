with
    cells as (
        select coalesce(country_code, 'unknown') as country_code, lifecycle_stage, count(*) as people
        from {{ ref("bi_dim_customers") }}
        group by 1, 2
    ),
    marked as (select *, {{ is_lumped(["country_code"], ["lifecycle_stage"]) }} as is_lumped from cells),
    told as (
        select
            country_code,
            case when is_lumped then {{ lumped() }} else lifecycle_stage end as lifecycle_stage,
            sum(people) as people,
            bool_or(not {{ is_few("people") }}) as is_of_enough
        from marked
        group by 1, 2
    )
select country_code, lifecycle_stage, case when is_of_enough then {{ rounded("people") }} end as customer_count
from told
