{%- set insight = var("insight") %}
with
    events as (
        select
            e.kind,
            -- what follows the path may name somebody
            split_part(split_part(e.page, '?', 1), '#', 1) as page,
            nullif(trim(e.element), '') as element,
            e.scroll_depth,
            {{ web_visitor() }} as visitor
        from {{ ref("conformed_web_events") }} e
        where
            e.deleted_at is null
            and e.page is not null
            and e.occurred_at <= {{ as_of() }}
            and e.occurred_at > {{ as_of() }} - {{ days(insight["event_days"]) }}
            and {{ is_of_somebody_free() }}
    ),
    pages as (
        select page, count(*) as events, count(distinct visitor) as page_visitor_count
        from events
        group by page
        order by page_visitor_count desc, page
        limit {{ insight["most_pages"] }}
    ),
    depths as (
        select page, visitor, max(scroll_depth) as deepest, count(*) as events
        from events
        where scroll_depth is not null
        group by 1, 2
    ),
    areas as (
        select
            page,
            'click' as area_kind,
            coalesce(element, 'elsewhere') as area,
            count(*) as events,
            count(distinct visitor) as visitors
        from events
        where kind = 'click'
        group by 1, 2, 3
        union all
        select d.page, 'scroll', b.band || ' %', sum(d.events), count(*)
        from depths d
        join
            (
                select 25 as band
                union all
                select 50
                union all
                select 75
                union all
                select 100
            ) b
            on d.deepest >= b.band
        group by 1, 2, 3
    )
select
    p.page,
    a.area_kind,
    a.area,
    cast(a.events as bigint) as event_count,
    a.visitors as visitor_count,
    p.page_visitor_count,
    a.visitors / cast(p.page_visitor_count as double) as visitor_share
from pages p
join areas a on a.page = p.page
