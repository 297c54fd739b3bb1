-- One row per customer of the table `wanted`: what they did in the days before, and how long ago. It reads what known_as_of.sql
-- lets through; `{{ of_wanted }}` leaves out the rows of others early, where they are many. Gender, age and region are for the table of groups only (classify/refused.py).
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
        from known_orders {{ of_wanted }} group by all
    ),
    visits as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 30)) as visits_30d,
            count(known_at) filter (within(known_at, 90)) as visits_90d,
            count(known_at) as visits,
            avg(page_views) as mean_pages_of_a_visit,
            days_ago(max(known_at)) as days_since_last_visit
        from known_sessions {{ of_wanted }} group by all
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
        from known_emails {{ of_wanted }} group by all
    ),
    carts as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 90)) as carts_90d,
            days_ago(max(known_at)) as days_since_last_cart
        from known_carts {{ of_wanted }} group by all
    ),
    tickets as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 90)) as tickets_90d,
            count(known_at) filter (not is_solved) as open_tickets,
            days_ago(max(known_at)) as days_since_last_ticket
        from known_tickets {{ of_wanted }} group by all
    ),
    answers as (
        select customer_id, arg_max(nps, known_at) as last_nps, arg_max(csat, known_at) as last_csat
        from known_answers {{ of_wanted }} group by all
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
        from known_uses {{ of_wanted }} group by all
    ),
    talks as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 90)) as talks_90d,
            count(known_at) as talks,
            days_ago(max(known_at)) as days_since_last_talk
        from known_interactions {{ of_wanted }} group by all
    ),
    deals as (
        select
            customer_id,
            count(known_at) filter (within(known_at, 90)) as deals_90d,
            count(known_at) as deals,
            days_ago(max(known_at)) as days_since_last_deal
        from known_deals {{ of_wanted }} group by all
    ),
    subscriptions as (
        select
            customer_id,
            count(known_at) filter (ended_at is null) as subscriptions_active,
            count(ended_at) as subscriptions_ended,
            days_ago(min(known_at) filter (ended_at is null)) as days_subscribed,
            days_ago(max(known_at) filter (ended_at is null)) as days_since_last_subscribed
        from known_subscriptions {{ of_wanted }} group by all
    )
-- whoever did nothing of a kind did it 0 times
select
    * replace (
        coalesce(orders_30d, 0) as orders_30d,
        coalesce(orders_90d, 0) as orders_90d,
        coalesce(orders_365d, 0) as orders_365d,
        coalesce(orders, 0) as orders,
        coalesce(orders_on_the_web, 0) as orders_on_the_web,
        coalesce(visits_30d, 0) as visits_30d,
        coalesce(visits_90d, 0) as visits_90d,
        coalesce(visits, 0) as visits,
        coalesce(emails_90d, 0) as emails_90d,
        coalesce(emails, 0) as emails,
        coalesce(carts_90d, 0) as carts_90d,
        coalesce(tickets_90d, 0) as tickets_90d,
        coalesce(open_tickets, 0) as open_tickets,
        coalesce(uses_7d, 0) as uses_7d,
        coalesce(uses_14d, 0) as uses_14d,
        coalesce(uses_30d, 0) as uses_30d,
        coalesce(uses_60d, 0) as uses_60d,
        coalesce(uses_90d, 0) as uses_90d,
        coalesce(talks_90d, 0) as talks_90d,
        coalesce(talks, 0) as talks,
        coalesce(deals_90d, 0) as deals_90d,
        coalesce(deals, 0) as deals,
        coalesce(subscriptions_active, 0) as subscriptions_active,
        coalesce(subscriptions_ended, 0) as subscriptions_ended
    )
from (select customer_id from wanted)
left join orders using (customer_id)
left join visits using (customer_id)
left join emails using (customer_id)
left join carts using (customer_id)
left join tickets using (customer_id)
left join answers using (customer_id)
left join uses using (customer_id)
left join talks using (customer_id)
left join deals using (customer_id)
left join subscriptions using (customer_id)
join (select customer_id, days_ago(known_at) as days_known, age, gender, region from known_customers) using (customer_id)
