-- an area of few visitors is not told, nor is the page of few
select
    {{ shown("page") }} as page,
    f.area_kind,
    {{ shown("area") }} as area,
    cast(sum(f.event_count) as bigint) as event_count,
    max(f.visitor_count) as visitor_count,
    max(f.page_visitor_count) as page_visitor_count,
    max(f.visitor_share) as visitor_share
from {{ ref("page_heat") }} f {{ joined_shown(["page", "area"]) }}
where not {{ is_few("f.visitor_count") }}
group by 1, 2, 3
