{{ config(materialized="table") }}
{% set past = [7, 28] %}
{#- of customers of tonight; known where that of each of them is -#}
{% set sums = ["orders", "revenue", "sessions"] %}
with
    nights as (
        select 0 as days_ago, {{ as_of() }} as night
        {%- for ago in past %}
            union all
            select {{ ago }}, {{ as_of() }} - {{ days(ago) }}
        {%- endfor %}
    ),
    starts as (
        select s.scheme, n.days_ago
        from
            (
                select scheme, min(entered_at) as first_night
                from {{ ref("segment_membership_history") }}
                group by scheme
            ) s
        join nights n on n.night >= s.first_night
    ),
    placed as (
        select n.days_ago, m.customer_id, m.scheme, m.segment
        from nights n
        join
            {{ ref("segment_membership_history") }} m on m.entered_at <= n.night and coalesce(m.left_at > n.night, true)
    ),
    segments as (
        select p.days_ago, p.scheme, p.segment, {{ segment_sums("c") }}
        from placed p
        left join {{ ref("customer_360") }} c on c.customer_id = p.customer_id and p.days_ago = 0
        group by p.days_ago, p.scheme, p.segment
    ),
    -- whoever is in some scheme and not in this one makes up the total with its segments
    totals as (
        select p.days_ago, {{ segment_sums("c") }}
        from (select distinct days_ago, customer_id from placed) p
        left join {{ ref("customer_360") }} c on c.customer_id = p.customer_id and p.days_ago = 0
        group by p.days_ago
    ),
    rest as (
        select
            s.days_ago,
            s.scheme,
            {{ in_no_segment() }} as segment,
            max(t.people) - coalesce(sum(g.people), 0) as people
            {%- for one in sums %}
                ,
                max(t.{{ one }})
                - case when count(g.{{ one }}) = count(g.people) then coalesce(sum(g.{{ one }}), 0) end as {{ one }}
            {%- endfor %}
        from starts s
        join totals t on t.days_ago = s.days_ago
        left join segments g on g.days_ago = s.days_ago and g.scheme = s.scheme
        group by s.days_ago, s.scheme
    ),
    cells as (
        select
            f.scheme,
            -- one that a source names may have somebody's address in it
            {{ shown("segment") }} as segment,
            coalesce(sum(people) filter (days_ago = 0), 0) as people,
            {%- for ago in past %}
                coalesce(sum(people) filter (days_ago = {{ ago }}), 0) as people_{{ ago }},
            {%- endfor %}
            {%- for one in sums %}
                case
                    when count({{ one }}) filter (days_ago = 0) = count(*) filter (days_ago = 0)
                    then coalesce(sum({{ one }}) filter (days_ago = 0), 0)
                end as {{ one }}{{ "," if not loop.last }}
            {%- endfor %}
        from
            (
                select *
                from segments
                union all
                select *
                from rest
            ) f {{ joined_shown(["segment"]) }}
        group by 1, 2
        having sum(people) > 0
    ),
    marked as (select *, {{ is_lumped(["scheme"], ["segment"], last="people = 0") }} as is_lumped from cells),
    told as (
        select
            scheme,
            case when is_lumped then {{ lumped() }} else segment end as segment,
            sum(people) as people,
            {%- for ago in past %} sum(people_{{ ago }}) as people_{{ ago }}, {%- endfor %}
            {%- for one in sums %} {{ known_sum(one) }} as {{ one }}{{ "," if not loop.last }} {%- endfor %}
        from marked
        group by 1, 2
    ),
    -- a past night is a total of its own, with few in cells of its own
    then_told as (
        {%- for ago in past %}
            select
                p.scheme,
                p.segment,
                {{ ago }} as days_ago,
                case when not {{ is_lumped(["p.scheme"], ["p.segment"], last="people = 0") }} then people end as people
            from (select scheme, segment, people_{{ ago }} as people from told) p
            join starts s on s.scheme = p.scheme and s.days_ago = {{ ago }} {{ "union all" if not loop.last }}
        {%- endfor %}
    )
-- rounded: the customers whom a table of all tells, less the segments, would tell of those few who are not profiled
select
    t.scheme,
    t.segment,
    {{ rounded("t.people") }} as customer_count,
    case
        when not {{ is_few("t.people") }}
        then {{ share_unless_few("t.people", "sum(t.people) over (partition by t.scheme)") }}
    end as customer_share,
    {{ rounded_mean("t.orders", "t.people") }} as orders_per_customer,
    {{ rounded_mean_amount("t.revenue", "t.people") }} as revenue_per_customer,
    {{ rounded_mean("t.sessions", "t.people") }} as sessions_per_customer,
    '{{ var("currency") }}' as currency
    {%- for ago in past %}, {{ rounded("w" ~ ago ~ ".people") }} as customer_count_{{ ago }}d_ago {%- endfor %}
from told t
{%- for ago in past %}
    left join
        then_told w{{ ago }}
        on w{{ ago }}.scheme = t.scheme
        and w{{ ago }}.segment = t.segment
        and w{{ ago }}.days_ago = {{ ago }}
{%- endfor %}
