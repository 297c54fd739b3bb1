{{ config(materialized="table") }}
with
    starts as (
        select scheme, min(entered_at) as first_night from {{ ref("segment_membership_history") }} group by scheme
    ),
    -- on the first night of a scheme nobody moves. A segment that a source names may have somebody's address in it
    changed as (
        select
            f.customer_id,
            f.scheme,
            {{ shown("segment") }} as segment,
            f.entered_at,
            f.left_at,
            s.first_night < f.entered_at as is_move
        from {{ ref("segment_membership_history") }} f
        join starts s on s.scheme = f.scheme {{ joined_shown(["segment"]) }}
        where s.first_night < f.entered_at or f.left_at is not null
    ),
    steps as (
        select
            h.customer_id,
            h.scheme,
            coalesce(p.segment, {{ in_no_segment() }}) as from_segment,
            h.segment as to_segment,
            cast(date_trunc('week', h.entered_at) as date) as week
        from changed h
        left join changed p on p.customer_id = h.customer_id and p.scheme = h.scheme and p.left_at = h.entered_at
        where h.is_move
        union all
        select h.customer_id, h.scheme, h.segment, {{ in_no_segment() }}, cast(date_trunc('week', h.left_at) as date)
        from changed h
        left join changed n on n.customer_id = h.customer_id and n.scheme = h.scheme and n.entered_at = h.left_at
        where h.left_at is not null and n.customer_id is null
    ),
    -- what analysts see of two segments may be one
    moves as (select * from steps where from_segment <> to_segment),
    cells as (
        select scheme, from_segment, to_segment, week, count(distinct customer_id) as people
        from moves
        group by scheme, from_segment, to_segment, week
    ),
    marked as (select *, {{ is_lumped(["scheme", "week"], ["from_segment", "to_segment"]) }} as is_lumped from cells),
    told as (
        select
            m.scheme,
            case when c.is_lumped then {{ lumped() }} else m.from_segment end as from_segment,
            case when c.is_lumped then {{ lumped() }} else m.to_segment end as to_segment,
            m.week,
            count(distinct m.customer_id) as people
        from moves m
        join
            marked c
            on c.scheme = m.scheme
            and c.from_segment = m.from_segment
            and c.to_segment = m.to_segment
            and c.week = m.week
        group by 1, 2, 3, 4
    )
select scheme, from_segment, to_segment, week, {{ rounded("people") }} as customer_count
from told
