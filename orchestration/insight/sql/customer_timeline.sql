-- What a customer did and what was done with it, newest first: one row per event (happened_at, lane, what).
with events as (
    select
        ordered_at as happened_at,
        'orders' as lane,
        case when is_order then 'order' else 'order ' || order_status end
        || coalesce(' of ' || order_amount || ' ' || currency, '')
        || case when is_order and order_status not in ('open', 'completed', 'paid') then ', ' || order_status else '' end
        || coalesce(', ' || store, '') as what
    from marts.fct_orders
    where customer_id = $id
    union all
    select abandoned_at, 'carts', 'cart abandoned' || coalesce(' with ' || cart_amount || ' ' || currency, '')
    from marts.fct_carts
    where customer_id = $id and abandoned_at is not null
    union all
    select started_at, 'subscriptions', 'subscription began'
    from marts.fct_subscriptions
    where customer_id = $id
    union all
    select cancelled_at, 'subscriptions', 'subscription ended' || coalesce(': ' || cancellation_reason, '')
    from marts.fct_subscriptions
    where customer_id = $id and cancelled_at is not null
    union all
    select started_at, 'visits',
        'visit' || coalesce(' from ' || landing_channel, '') || coalesce(', ' || page_views || ' pages', '')
        || case when is_converted then ', bought' else '' end
    from marts.fct_web_sessions
    where customer_id = $id
    union all
    select e.occurred_at, 'email', 'email ' || replace(e.kind, '_', ' ') || coalesce(': ' || coalesce(nullif(trim(c.name), ''), e.campaign_key), '')
    from marts.fct_email_events e
    left join conformed.conformed_campaigns c
        on c.source_system = e.source_system and c.source_key = e.campaign_key and c.deleted_at is null
    where e.customer_id = $id
    union all
    select occurred_at, 'conversations', coalesce(channel, 'interaction') || coalesce(', ' || direction, '') || coalesce(': ' || topic, '')
    from marts.fct_interactions
    where customer_id = $id
    union all
    select opened_at, 'support', 'ticket' || coalesce(': ' || category, '')
    from marts.fct_tickets
    where customer_id = $id
    union all
    select solved_at, 'support', 'ticket solved' || coalesce(', satisfaction ' || satisfaction, '')
    from marts.fct_tickets
    where customer_id = $id and solved_at is not null
    union all
    select submitted_at, 'surveys',
        'survey ' || survey || coalesce(', NPS ' || nps, '') || coalesce(', CSAT ' || csat, '') || coalesce(', CES ' || ces, '')
    from marts.fct_survey_responses
    where customer_id = $id and submitted_at is not null
    union all
    select valid_from, 'permissions',
        purpose || ' by ' || channel || case when is_permitted then ': permitted' else ': no, ' || reason end
    from marts.contact_permission_history
    where customer_id = $id
    union all
    select occurred_at, 'identity', kind || ': ' || record_count || ' records, ' || reason
    from marts.customer_identity_events
    where $id in (from_customer_id, to_customer_id)
)
select happened_at, lane, what, count(*) over () as event_count
from events
-- what a source dates after the night, and a grant that expires then, have not happened
where happened_at <= (select as_of from ops.clock)
order by happened_at desc, lane, what
limit $most
