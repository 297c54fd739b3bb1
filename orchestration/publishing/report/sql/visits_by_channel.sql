select
    coalesce(landing_channel, 'unknown') as landing_channel,
    count(distinct coalesce(customer_key, source_system || ':' || source_key)) as people,
    count(*) as visit_count,
    count(*) filter (where is_converted) as converted_visit_count,
    count(distinct case when is_converted then coalesce(customer_key, source_system || ':' || source_key) end)
        as converted_visit_count_people
from bi.fct_web_sessions
where started_at > {{ as_of }} - interval 12 months and started_at <= {{ as_of }}
group by 1
