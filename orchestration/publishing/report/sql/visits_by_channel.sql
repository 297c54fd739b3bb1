select
    coalesce(landing_channel, 'unknown') as landing_channel,
    count(distinct customer_key) as people,
    cast({{ metric_sessions }} as bigint) as visit_count,
    cast({{ metric_converted_sessions }} as bigint) as converted_visit_count,
    count(distinct customer_key) filter (where is_converted) as converted_visit_count_people
from bi.fct_web_sessions
where started_at > {{ as_of }} - interval 12 months and started_at <= {{ as_of }}
group by 1
