with
    turns as (
        select
            purpose,
            channel,
            cast(date_trunc('week', valid_from) as date) as week_on,
            is_permitted,
            coalesce(
                lag(is_permitted) over (partition by customer_id, purpose, channel order by valid_from), false
            ) as was_permitted
        from {{ ref("contact_permission_history") }}
        where valid_from <= {{ as_of() }}
    ),
    weeks as (
        select
            purpose,
            channel,
            week_on,
            count(*) filter (is_permitted and not was_permitted) as gained,
            count(*) filter (was_permitted and not is_permitted) as lost
        from turns
        group by 1, 2, 3
    ),
    grid as (
        select
            p.purpose,
            p.channel,
            cast(date_trunc('week', {{ as_of() }}) as date) - cast(7 * n.each as integer) as week_on
        from (select distinct purpose, channel from weeks) p
        cross join {{ numbers_up_to("select " ~ var("insight")["trend_weeks"]) }} n
    )
select
    g.week_on,
    g.purpose,
    g.channel,
    cast(coalesce(sum(w.gained) - sum(w.lost), 0) as bigint) as permitted_count,
    cast(coalesce(sum(w.gained) filter (w.week_on = g.week_on), 0) as bigint) as gained_count,
    cast(coalesce(sum(w.lost) filter (w.week_on = g.week_on), 0) as bigint) as lost_count,
    g.week_on < cast(date_trunc('week', {{ as_of() }}) as date) as is_final
from grid g
left join weeks w on w.purpose = g.purpose and w.channel = g.channel and w.week_on <= g.week_on
group by 1, 2, 3
