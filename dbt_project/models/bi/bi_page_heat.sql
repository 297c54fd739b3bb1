-- an area of few visitors is not told; counts are rounded, for areas subtracted from each other would tell of few.
-- Areas of a page are a ranked list and no sample: what is left out is what few do there
select
    {{ shown("page") }} as page,
    f.area_kind,
    {{ shown("area") }} as area,
    {{ rounded("sum(f.event_count)") }} as event_count,
    {{ rounded("max(f.visitor_count)") }} as visitor_count,
    {{ rounded("max(f.page_visitor_count)") }} as page_visitor_count,
    {{ share_unless_few("max(f.visitor_count)", "max(f.page_visitor_count)") }} as visitor_share
from {{ ref("page_heat") }} f {{ joined_shown(["page", "area"]) }}
where f.visitor_count >= {{ var("min_people") }}
group by 1, 2, 3
