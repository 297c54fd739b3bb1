{{ config(materialized="table") }}

with
    -- first the reasons for no permission beside the permitted, then what becomes of the permitted
    cells as (
        select
            audience,
            purpose,
            channel,
            step_order,
            step,
            reason_code,
            reason,
            customer_count as people,
            case when step in ('not permitted', 'permitted') then 1 else 2 end as level,
            -- the row that other tables do not have is the last to be told with others
            reason_code = 'never_said' as is_last
        from {{ ref("audience_funnel") }}
        where step in ('not permitted', 'permitted', 'kept out', 'in the audience')
    ),
    marked as (
        select *, {{ is_lumped(["audience", "level"], ["step", "reason"], last="is_last") }} as is_lumped from cells
    ),
    told as (
        select
            m.*,
            bool_or(m.is_lumped and m.step = 'permitted') over (partition by m.audience) as hides_permitted,
            -- reasons of one step go together within it
            count(distinct case when m.is_lumped then m.step end) over (partition by m.audience, m.level)
            > 1 as is_mixed
        from marked m
    ),
    shown as (
        select
            audience,
            purpose,
            channel,
            step_order,
            people,
            case when is_lumped and is_mixed then 'several' else step end as step,
            case
                when is_lumped then case level when 1 then 'several' else 'several_of_permitted' end else reason_code
            end as reason_code,
            case
                when is_lumped
                then
                    case
                        level
                        when 1
                        then {{ lumped() }}
                        else replace({{ lumped() }}, 'other', 'other among the permitted')
                    end
                else reason
            end as reason
        from told
        where level = 1 or not hides_permitted
    )
select
    audience,
    purpose,
    channel,
    step_order,
    step,
    reason_code,
    reason,
    {{ unless_few("customer_count") }} as customer_count
from {{ ref("audience_funnel") }}
where step = 'matched'
union all
select
    audience,
    purpose,
    channel,
    max(step_order),
    step,
    reason_code,
    reason,
    case when bool_or(not {{ is_few("people") }}) then cast(sum(people) as bigint) end
from shown
group by audience, purpose, channel, step, reason_code, reason
