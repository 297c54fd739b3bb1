{{ config(materialized="table") }}

with
    cells as (select age_band, count(*) as people from {{ ref("customer_360") }} group by age_band),
    marked as (select *, {{ is_lumped(["1"], ["age_band"], last="age_band= 'unknown'") }} as is_lumped from cells),
    told as (
        select case when is_lumped then {{ lumped() }} else age_band end as age_band, sum(people) as people
        from marked
        group by 1
    )
-- rounded: less the cells of place and age of dim_customers, an exact count would tell of those few whose age these
-- hide
select
    age_band,
    cast({{ youngest_age("age_band") }} as bigint) as youngest_age,
    {{ rounded("people") }} as customer_count,
    case
        when not {{ is_few("people") }} then {{ share_unless_few("people", "sum(people) over ()") }}
    end as customer_share
from told
