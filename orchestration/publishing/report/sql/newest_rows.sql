with
    arrived as (
        select 'orders' as data, source_system, customer_key, ordered_at as happened_at
        from bi.fct_orders
        union all
        select 'visits', source_system, customer_key, started_at
        from bi.fct_web_sessions
        union all
        select 'tickets', source_system, customer_key, opened_at
        from bi.fct_tickets
        union all
        select 'surveys', source_system, customer_key, submitted_at
        from bi.fct_survey_responses
    )
select data, source_system, count(distinct customer_key) as people, cast(max(happened_at) as date) as newest_on
from arrived
where happened_at <= {{ as_of }}
group by data, source_system
