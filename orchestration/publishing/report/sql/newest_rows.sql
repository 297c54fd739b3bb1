with
    arrived as (
        select 'orders' as data, source_system, coalesce(customer_key, source_key) as person, ordered_at as happened_at
        from bi.fct_orders
        union all
        select 'visits', source_system, coalesce(customer_key, source_key), started_at
        from bi.fct_web_sessions
        union all
        select 'tickets', source_system, coalesce(customer_key, source_key), opened_at
        from bi.fct_tickets
        union all
        select 'surveys', source_system, coalesce(customer_key, source_key), submitted_at
        from bi.fct_survey_responses
    )
select data, source_system, count(distinct person) as people, cast(max(happened_at) as date) as newest_on
from arrived
where happened_at <= {{ as_of }}
group by data, source_system
