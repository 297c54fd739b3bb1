with
    orders as (
        select
            customer_id,
            count(*) filter (is_order) as order_count,
            {{ known_sum("gross_amount") }} as gross_amount,
            {{ known_sum("refunded_amount") }} as refunded_amount,
            {{ known_sum("net_amount") }} as net_amount,
            min(ordered_at) filter (is_order) as first_ordered_at,
            max(ordered_at) filter (is_order) as last_ordered_at,
            count(*) filter (is_order and ordered_at > {{ as_of() }} - interval 365 day) as order_count_365d,
            count(*) filter (is_order and not is_sale and gross_amount > 0) as refunded_order_count
        from {{ ref("fct_orders") }}
        where customer_id is not null
        group by customer_id
    ),
    visits as (
        select customer_id, count(*) as web_session_count, max(started_at) as last_visited_at
        from {{ ref("fct_web_sessions") }}
        where customer_id is not null
        group by customer_id
    ),
    emails as (
        select
            customer_id,
            count(*) filter (kind = 'delivered') as email_delivered_count,
            count(*) filter (kind = 'opened') as email_opened_count,
            count(*) filter (kind = 'clicked') as email_clicked_count
        from {{ ref("fct_email_events") }}
        where customer_id is not null
        group by customer_id
    ),
    carts as (
        select customer_id, count(*) as abandoned_cart_count
        from {{ ref("fct_carts") }}
        where customer_id is not null
        group by customer_id
    ),
    tickets as (
        select customer_id, count(*) as ticket_count, count(*) filter (solved_at is null) as open_ticket_count
        from {{ ref("fct_tickets") }}
        where customer_id is not null
        group by customer_id
    ),
    surveys as (
        select customer_id, {{ latest("nps", packed(["submitted_at", "source_system", "source_key"])) }} as last_nps
        from {{ ref("fct_survey_responses") }}
        where customer_id is not null and nps is not null
        group by customer_id
    ),
    subscriptions as (
        select customer_id, bool_or(is_active) as has_active_subscription
        from {{ ref("fct_subscriptions") }}
        where customer_id is not null
        group by customer_id
    ),
    interactions as (
        select customer_id, count(*) as interaction_count
        from {{ ref("fct_interactions") }}
        where customer_id is not null
        group by customer_id
    )
select
    c.customer_id,
    c.country_code,
    c.first_seen_at,
    coalesce(o.order_count, 0) as order_count,
    coalesce(o.order_count_365d, 0) as order_count_365d,
    coalesce(o.refunded_order_count, 0) as refunded_order_count,
    -- nothing ordered is nothing; an amount without an exchange rate is not known
    cast(case when o.customer_id is null then 0 else o.gross_amount end as decimal(18, 2)) as gross_amount,
    cast(case when o.customer_id is null then 0 else o.refunded_amount end as decimal(18, 2)) as refunded_amount,
    cast(case when o.customer_id is null then 0 else o.net_amount end as decimal(18, 2)) as net_amount,
    cast(case when o.customer_id is null then 0 else o.net_amount end as decimal(18, 2)) as revenue_amount,
    '{{ var("currency") }}' as currency,
    o.first_ordered_at,
    o.last_ordered_at,
    coalesce(v.web_session_count, 0) as web_session_count,
    v.last_visited_at,
    coalesce(e.email_delivered_count, 0) as email_delivered_count,
    coalesce(e.email_opened_count, 0) as email_opened_count,
    coalesce(e.email_clicked_count, 0) as email_clicked_count,
    coalesce(k.abandoned_cart_count, 0) as abandoned_cart_count,
    coalesce(t.ticket_count, 0) as ticket_count,
    coalesce(t.open_ticket_count, 0) as open_ticket_count,
    coalesce(i.interaction_count, 0) as interaction_count,
    s.last_nps,
    coalesce(b.has_active_subscription, false) as has_active_subscription,
    c.is_club_member,
    c.is_business
from {{ ref("dim_customers") }} c
left join orders o using (customer_id)
left join visits v using (customer_id)
left join emails e using (customer_id)
left join carts k using (customer_id)
left join tickets t using (customer_id)
left join surveys s using (customer_id)
left join subscriptions b using (customer_id)
left join interactions i using (customer_id)
