-- what a customer did, newest first, by the key that analysts see
with
    events as (
        select ordered_at as happened_at, 'orders' as lane, order_status || coalesce(' order of ' || order_amount || ' ' || currency, ' order') as what
        from bi.fct_orders
        where customer_key = $key
        union all
        select abandoned_at, 'carts', 'cart abandoned'
        from bi.fct_carts
        where customer_key = $key and abandoned_at is not null
        union all
        select started_at, 'visits', 'visit' || coalesce(' from ' || landing_channel, '')
        from bi.fct_web_sessions
        where customer_key = $key
        union all
        select opened_at, 'support', 'ticket' || coalesce(': ' || category, '')
        from bi.fct_tickets
        where customer_key = $key
        union all
        select submitted_at, 'surveys', 'survey answered' || coalesce(', NPS ' || nps, '')
        from bi.fct_survey_responses
        where customer_key = $key and submitted_at is not null
    )
select happened_at, lane, what, count(*) over () as event_count
from events
where happened_at is not null
order by happened_at desc, lane, what
limit {{ most }}
