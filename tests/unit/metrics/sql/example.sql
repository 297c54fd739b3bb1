-- 60 customers of two countries: odd ones Swedish, even ones Norwegian; the first three are Finns; two years of what they did
insert into bi.dim_customers by name
select
    'c' || i as customer_key, case when i <= 3 then 'FI' when i % 2 = 1 then 'SE' else 'NO' end as country_code,
    '30 to 44' as age_band, i % 10 = 0 as is_business, i % 3 = 0 as is_club_member,
    date '2025-01-01' + to_months(cast(i % 12 as integer)) as first_seen_month,
    case when i % 4 = 0 then 'active' else 'lapsed' end as lifecycle_stage, 'loyal' as rfm_segment,
    i % 5 as order_count, 0 as revenue_amount, 'SEK' as currency, false as has_active_subscription
from range(1, 61) r(i);
insert into bi.fct_orders by name
select
    'shop' as source_system, 'o' || n as source_key, case when n % 17 <> 0 then 'c' || (n % 60 + 1) end as customer_key,
    timestamp '2025-01-03 10:00:00' + to_days(cast(n * 7 % 700 as integer)) as ordered_at,
    case when n % 11 = 0 then 'cancelled' else 'completed' end as order_status, n % 11 <> 0 as is_order,
    case when n % 11 = 0 then 0 else 100 + n % 90 end as gross_amount,
    case when n % 13 = 0 and n % 11 <> 0 then 20.5 else 0 end as refunded_amount,
    case when n % 11 = 0 then 0 else 100 + n % 90 end - case when n % 13 = 0 and n % 11 <> 0 then 20.5 else 0 end as net_amount,
    case when n % 60 in (1, 2) then 'phone' when n % 3 = 0 then 'store' else 'web' end as channel,
    case when n % 3 = 0 then 'Store ' || (n % 6) end as store
from range(1, 1201) r(n);
insert into bi.dim_products by name
select 'shop' as source_system, 'p' || i as source_key, 'Product ' || i as product_name,
    case when i <= 4 then 'Tents' else 'Shoes' end as category
from range(1, 9) r(i);
insert into bi.fct_order_items by name
select source_system, 'l' || source_key as source_key, source_key as order_key,
    'p' || (hash(source_key) % 8 + 1) as product_key, ordered_at, 2 as quantity, net_amount
from bi.fct_orders;
insert into bi.fct_survey_responses by name
select 'survey' as source_system, 's' || n as source_key, 'c' || (n % 60 + 1) as customer_key, 'after purchase' as survey,
    n % 10 = 0 as is_panel, timestamp '2025-02-01 12:00:00' + to_days(cast(n as integer)) as submitted_at, n % 11 as nps, n % 5 + 1 as csat,
    false as is_silence_told
from range(1, 301) r(n);
-- sent to the same, and answered by half of them
insert into bi.fct_survey_responses by name
select 'survey' as source_system, 'q' || n as source_key, 'c' || (n % 60 + 1) as customer_key, 'after service' as survey, n % 4 = 0 as is_panel,
    timestamp '2025-02-01 12:00:00' + to_days(cast(n as integer)) as sent_at, case when n % 2 = 0 then timestamp '2025-09-01' end as submitted_at,
    true as is_silence_told
from range(1, 201) r(n);
insert into bi.email_campaigns by name
select 'email' as source_system, 'k' || n as campaign_key, 'Letter ' || n as campaign_name, 'newsletter' as purpose,
    timestamp '2025-03-01 09:00:00' + to_days(cast(n as integer)) as sent_at, 100 + n as delivered_count, 30 + n as opened_count, 20 + n as read_count,
    -- of the last one the clicks are of few
    case when n < 10 then 10 + n end as clicked_count
from range(1, 11) r(n);
insert into bi.fct_web_sessions by name
select 'web' as source_system, 'v' || n as source_key, case when n % 2 = 0 then 'c' || (n % 60 + 1) end as customer_key,
    timestamp '2025-01-01 08:00:00' + to_hours(cast(n as integer)) as started_at, case when n % 2 = 0 then 'direct' else 'email' end as landing_channel,
    n % 3 = 0 as is_bounce, n % 7 = 0 as is_converted
from range(1, 801) r(n);
insert into bi.consent_overview by name
select * from (values ('newsletter', 'email', 60, 40), ('offers', 'sms', 50, null)) t(purpose, channel, customer_count, permitted_count);
insert into bi.fct_carts by name
select 'shop' as source_system, 'k' || n as source_key, 'c' || (n % 60 + 1) as customer_key, timestamp '2025-05-01' as created_at,
    timestamp '2025-05-01 01:00:00' as abandoned_at, 100 + n as cart_amount, case when n % 2 = 0 then 'SEK' else 'NOK' end as currency
from range(1, 41) r(n);
insert into bi.fct_tickets by name
select 'crm' as source_system, 't' || n as source_key, 'c' || (n % 60 + 1) as customer_key, timestamp '2025-05-01' as opened_at,
    case when n % 2 = 0 then 'delivery' else 'payment' end as category, case when n % 5 <> 0 then n % 7 + 0.5 end as first_reply_hours,
    case when n % 3 <> 0 then n % 11 + 2.5 end as solution_hours
from range(1, 61) r(n);
insert into bi.ad_spend by name
select 'ads' as source_system, 'a' || n as source_key, date '2025-01-01' + cast(n as integer) as spend_on, 'social' as channel,
    case when n % 10 = 0 then 'EUR' else 'SEK' end as currency, 10 as spend_amount, 5 as clicks, 500 as impressions
from range(0, 365) r(n);
insert into bi.attribution by name
select m.model, c.channel, 'none' as campaign, c.channel = 'direct' as is_direct, 40 as customer_count, 10 as credited_conversions,
    1000 as net_amount, null as spend_amount, 'SEK' as currency
from (values ('first'), ('last')) m(model), (values ('direct'), ('social')) c(channel);
-- most revenue of a channel is of no campaign, and its spend is on one
insert into bi.attribution by name
select model, 'social' as channel, 'brand' as campaign, false as is_direct, 7 as customer_count, 1 as credited_conversions, 50 as net_amount, 500 as spend_amount, 'SEK' as currency
from (values ('first'), ('last')) m(model);
insert into bi.north_star by name
select date '2025-01-01' + to_months(3 * cast(n as integer)) as week_on, 'quarter' as grain, 40 + n as customer_count, 21 + n as reached_count, n < 3 as is_final
from range(4) r(n);
insert into bi.segment_overview by name
select * from (values ('value', 'high', 20), ('value', 'low', 40), ('lifecycle', 'active', 60)) t(scheme, segment, customer_count);
insert into bi.customers_by_age by name
select * from (values ('30 to 44', 40), ('unknown', 20)) t(age_band, customer_count);
insert into bi.experience_matrix by name
select b.breakdown, b.value, l.interaction_level, l.data_use_level, l.n as customer_count
from (values ('all', 'all'), ('store', 'North')) b(breakdown, value),
    (values ('high', 'high', 20), ('high', 'low', 10), ('low', 'low', 30)) l(interaction_level, data_use_level, n);
