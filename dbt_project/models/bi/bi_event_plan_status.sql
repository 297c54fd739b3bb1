with
    -- what few people sent and nobody planned may be what somebody wrote
    told as (
        select
            *,
            case
                when not f.is_planned and f.visitor_count < {{ var("min_people") }}
                then {{ lumped() }}
                else {{ shown("event_kind") }}
            end as kind
        from {{ ref("event_plan_status") }} f {{ joined_shown(["event_kind"]) }}
    )
select
    kind as event_kind,
    max(owner) as owner,
    max(meaning) as meaning,
    bool_and(is_planned) as is_planned,
    bool_and(is_required) as is_required,
    case
        when kind <> {{ lumped() }} and count(*) = 1 and not {{ is_few("max(visitor_count_7d)") }}
        then max(event_count_7d)
    end as event_count_7d,
    case
        when kind <> {{ lumped() }} and count(*) = 1 and not {{ is_few("max(visitor_count_4_weeks_before)") }}
        then max(mean_week_event_count)
    end as mean_week_event_count,
    {%- for visitors in ["visitor_count", "visitor_count_7d"] %}
        case
            when kind <> {{ lumped() }} and count(*) = 1 then {{ rounded("max(" ~ visitors ~ ")") }}
        end as {{ visitors }},
    {%- endfor %}
    case
        when max(visitor_count) >= {{ var("min_people") }} then cast(date_trunc('day', max(last_seen_at)) as timestamp)
    end as last_seen_at,
    max(status) as status
from told
group by kind
