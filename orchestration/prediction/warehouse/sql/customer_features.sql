-- One row per customer of the table `wanted`: what they did in the days before, and how long ago. It reads what known_as_of.sql
-- lets through. Gender, age and region are for the table of groups only (classify/refused.py).
create or replace temp table customer_features as
with
    orders as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 30)) as orders_30d,
            count(known_at) filter (within(known_at, 90)) as orders_90d,
            count(known_at) filter (within(known_at, 365)) as orders_365d,
            count(known_at) as orders,
            count(known_at) filter (channel = 'web') as orders_on_the_web,
            -- of orders of which one has an amount that is not known, nobody knows the sum
            cast(case when count(known_at) = count(gross_amount) then sum(gross_amount) end as double) as spent,
            cast(avg(gross_amount) as double) as mean_order_amount,
            count(known_at) filter (discount_amount > 0) / nullif(count(known_at), 0) as discounted_order_share,
            days_ago(max(known_at)) as days_since_last_order,
            days_ago(min(known_at)) as days_since_first_order
        from wanted left join known_orders using (customer_id) group by all
    ),
    visits as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 30)) as visits_30d,
            count(known_at) filter (within(known_at, 90)) as visits_90d,
            count(known_at) as visits,
            avg(page_views) as mean_pages_of_a_visit,
            days_ago(max(known_at)) as days_since_last_visit
        from wanted left join known_sessions using (customer_id) group by all
    ),
    emails as (
        select
            customer_id,
            count(known_at) filter (kind = 'delivered' and within(known_at, 90)) as emails_90d,
            count(known_at) filter (kind = 'delivered') as emails,
            count(known_at) filter (kind = 'opened') / nullif(count(known_at) filter (kind = 'delivered'), 0) as reads_of_an_email,
            count(known_at) filter (kind = 'clicked') / nullif(count(known_at) filter (kind = 'delivered'), 0) as clicks_of_an_email,
            days_ago(max(known_at) filter (kind = 'opened')) as days_since_last_read,
            days_ago(max(known_at) filter (kind = 'clicked')) as days_since_last_click
        from wanted left join known_emails using (customer_id) group by all
    ),
    carts as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 90)) as carts_90d,
            days_ago(max(known_at)) as days_since_last_cart
        from wanted left join known_carts using (customer_id) group by all
    ),
    tickets as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 90)) as tickets_90d,
            count(known_at) filter (not is_solved) as open_tickets,
            days_ago(max(known_at)) as days_since_last_ticket
        from wanted left join known_tickets using (customer_id) group by all
    ),
    answers as (
        select customer_id, arg_max(nps, known_at) as last_nps, arg_max(csat, known_at) as last_csat
        from wanted left join known_answers using (customer_id) group by all
    ),
    uses as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 7)) as uses_7d,
            count(known_at) filter (within(known_at, 14)) as uses_14d,
            count(known_at) filter (within(known_at, 30)) as uses_30d,
            count(known_at) filter (within(known_at, 60)) as uses_60d,
            count(known_at) filter (within(known_at, 90)) as uses_90d,
            days_ago(max(known_at)) as days_since_last_use
        from wanted left join known_uses using (customer_id) group by all
    ),
    talks as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 90)) as talks_90d,
            count(known_at) as talks,
            days_ago(max(known_at)) as days_since_last_talk
        from wanted left join known_interactions using (customer_id) group by all
    ),
    deals as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 90)) as deals_90d,
            count(known_at) as deals,
            days_ago(max(known_at)) as days_since_last_deal
        from wanted left join known_deals using (customer_id) group by all
    ),
    subscriptions as (
        select
            customer_id,
            count(known_at) filter (ended_at is null) as subscriptions_active,
            count(ended_at) as subscriptions_ended,
            days_ago(min(known_at) filter (ended_at is null)) as days_subscribed,
            days_ago(max(known_at) filter (ended_at is null)) as days_since_last_subscribed
        from wanted left join known_subscriptions using (customer_id) group by all
    )
select *
from orders
join visits using (customer_id)
join emails using (customer_id)
join carts using (customer_id)
join tickets using (customer_id)
join answers using (customer_id)
join uses using (customer_id)
join talks using (customer_id)
join deals using (customer_id)
join subscriptions using (customer_id)
join (select customer_id, days_ago(known_at) as days_known, age, gender, region from known_customers) using (customer_id)
