{%- set bounds = var("place_bounds") -%}
with
    loaded as (
        select country_code, area_kind, area_code, year, measure, value, source, licence, false as is_example
        from {{ source("ops", "place_statistics") }}
    ),
    told as (
        select *
        from loaded
        union all
        -- invented figures, only where the demo asks for them: real ones replace all of them
        select country_code, area_kind, area_code, year, measure, value, 'invented example', 'none', true
        from {{ ref("example_place_statistics") }}
        where {{ var("insight").example_statistics | lower }} and not exists (select 1 from loaded)
    ),
    dated as (select *, max(year) over (partition by country_code, area_kind, measure) as newest_year from told),
    ranked as (
        select
            *,
            percent_rank() over (partition by country_code, area_kind, measure order by value) as share_below,
            count(*) over (partition by country_code, area_kind, measure) as area_count
        from dated
        where year = newest_year and value is not null
    )
select
    country_code,
    area_kind,
    area_code,
    measure,
    year,
    value,
    case
        when area_count < {{ bounds.fewest_areas }}
        then null
        when share_below < {{ bounds.low_share }}
        then 'low'
        when share_below >= {{ bounds.high_share }}
        then 'high'
        else 'average'
    end as level,
    source,
    licence,
    is_example,
    cast(year({{ as_of() }}) as integer) - year > {{ var("insight").max_statistics_age_years }} as is_old
from ranked
