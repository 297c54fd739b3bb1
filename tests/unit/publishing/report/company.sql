-- 400 customers by their number; what a report must never show is planted as key, name and address
create temp table people as
select
    n,
    'CKEY' || n as customer_key,
    case when n < 9 then 'few of them' when n % 3 = 0 then 'active' when n % 3 = 1 then 'lapsed' else 'prospect' end as stage
from range(400) t(n)
where not ({{ without }});

insert into bi.dim_customers by name
select
    customer_key,
    'SE' as country_code,
    case when n % 4 = 0 then 'unknown' else '30 to 44' end as age_band,
    false as is_business,
    false as is_club_member,
    stage as lifecycle_stage,
    case when stage = 'active' then 'champions' when stage = 'lapsed' then 'lost' else 'no order' end as rfm_segment,
    case when stage = 'prospect' then 0 else 1 + n % 2 end as order_count,
    case when stage = 'prospect' then 0 else (1 + n % 2) * 100 end as revenue_amount,
    'SEK' as currency,
    false as has_active_subscription
from people;

insert into bi.customers_by_age by name
select age_band, try_cast(left(age_band, 2) as bigint) as youngest_age, cast(round(count(*) / 5) * 5 as bigint) as customer_count
from bi.dim_customers group by 1;

insert into bi.fct_orders by name
select
    'shop' as source_system,
    'OKEY' || n as source_key,
    customer_key,
    timestamp '2026-11-01' - to_days(cast(n as integer)) as ordered_at,
    'completed' as order_status,
    100 + n % 7 as order_amount,
    'SEK' as currency,
    true as is_order,
    100 + n % 7 as gross_amount,
    case when n % 10 = 0 then 50 else 0 end as refunded_amount,
    100 + n % 7 - case when n % 10 = 0 then 50 else 0 end as net_amount,
    case when n % 50 = 1 then 'Astrid Lindqvist' when n % 2 = 0 then 'web' else 'store' end as channel
from people;

insert into bi.fct_order_items by name
select
    'shop' as source_system,
    'IKEY' || n as source_key,
    'OKEY' || n as order_key,
    'p' || n % 3 as product_key,
    timestamp '2026-11-01' - to_days(cast(n as integer)) as ordered_at,
    100 as net_amount,
    0 as refunded_amount
from people;

insert into bi.dim_products by name
select 'shop' as source_system, 'p' || n as source_key, 'Tent ' || n as product_name, 'Tents' as category from range(3) t(n);

insert into bi.fct_survey_responses by name
select
    'forms' as source_system,
    'SKEY' || n as source_key,
    customer_key,
    case when n % 100 = 5 then 'astrid.lindqvist@example.se' else 'after purchase' end as survey,
    timestamp '2026-10-31' - to_days(cast(n % 100 as integer)) as submitted_at,
    n % 11 as nps,
    1 + n % 5 as csat
from people;

insert into bi.fct_tickets by name
select
    'desk' as source_system,
    'TKEY' || n as source_key,
    customer_key,
    timestamp '2026-10-31' - to_days(cast(n % 90 as integer)) as opened_at,
    case when n < 300 then 'delivery' else 'return' end as category,
    4 as satisfaction,
    n % 20 as first_reply_hours
from people;

insert into bi.fct_web_sessions by name
select
    'web' as source_system,
    'WKEY' || n as source_key,
    customer_key,
    timestamp '2026-10-31' as started_at,
    case when n % 2 = 0 then 'organic' else 'social' end as landing_channel,
    n % 20 = 0 as is_converted
from people;

insert into bi.ad_spend by name
select 'ads' as source_system, 'a' || n as source_key, date '2026-10-01' as spend_on, 'social' as channel, 1000 as spend_amount, 'SEK' as currency, 50_000 as impressions, 400 as clicks
from range(3) t(n);

insert into bi.email_campaigns by name
select 'mail' as source_system, 'c' || n as campaign_key, 'Letter ' || n as campaign_name, timestamp '2026-10-01' + to_days(cast(n as integer)) as sent_at, 300 as delivered_count, 150 as read_count, 7 as clicked_count, 0 as unsubscribed_count
from range(3) t(n);

insert into bi.consent_overview
values ('newsletter', 'email', 400, 253, null, 7, 120, 0), ('offers', 'sms', 8, 8, 0, 0, 0, 0);

insert into bi.audience_funnel by name
select 'newsletter_email' as audience, 'newsletter' as purpose, 'email' as channel, order_of as step_order, step, '' as reason_code, reason, people as customer_count
from (values (1, 'matched', '', 400), (2, 'not permitted', 'withdrawn', 120), (2, 'not permitted', 'never said', 8), (3, 'permitted', '', 272), (5, 'in the audience', '', 263)) t(order_of, step, reason, people);

insert into bi.segment_overview by name
select scheme, segment, people as customer_count, 2.34 as orders_per_customer, before as customer_count_7d_ago, 'SEK' as currency
from (values ('value tier', 'top', 20, 9), ('value tier', 'low', 370, 345), ('interest', 'Tents', 5, null)) t(scheme, segment, people, before);

insert into bi.segment_movements
values ('value tier', 'low', 'top', date '2026-10-26', 15), ('value tier', 'top', 'low', date '2026-10-26', 5), ('value tier', 'top', 'low', date '2026-10-19', 70), ('rfm', 'other (small groups)', 'other (small groups)', date '2026-10-26', 30);

insert into bi.cohort_retention by name
select date '2025-11-01' + to_months(cast(n as integer)) as cohort_month, 'month' as grain, 3 as months_since, 55 as cohort_customer_count, cast(round((14 + n) / 5) * 5 as bigint) as repeat_customer_count, round((14 + n) / 57, 2) as repeat_share, true as is_final
from range(8) t(n);

insert into bi.purchase_intervals by name
select n as order_number, 200 // n as customer_count, 30 // n as next_order_count, 41.6 as p50_days
from range(1, 5) t(n);

insert into bi.attribution by name
select model, channel, campaign, people as customer_count, together as channel_customer_count, credit as credited_conversions, 70 as spend_amount, 'SEK' as currency
from
    (values ('social', 'spring', 60, 21.4, 75), ('social', 'none', 30, 5.1, 75), ('email', 'none', 80, 4.2, 80), ('referral', 'none', 9, 40, 10), ('display', 'a', 8, 6, 15), ('display', 'other (small groups)', null, 7, 15), ('print', 'none', 0, 0, 0)) t(channel, campaign, people, credit, together),
    (values ('first'), ('last'), ('linear'), ('markov')) m(model)
union all
select 'time_decay', channel, 'none', customers, customers, credit, 0, 'SEK'
from (values ('social', 60, 61.4), ('email', 80, 6)) t(channel, customers, credit);

insert into bi.north_star by name
select
    date '2026-06-01' + cast(n * 7 as integer) as week_on, 'week' as grain, 40 + n as customer_count, 21 as reached_count, 0.55 as target_share, n < 5 as is_final,
    20 as visited_count, case when n > 0 then 12 end as visited_reached_count, 3 as clicked_count, null as clicked_reached_count
from range(8) t(n);

insert into bi.interest_gap by name
select kind as interest_kind, interest, people as people_count, people as customer_count, people as viewed_count, 8 as carted_count, people - 13 as bought_count, 13 as never_bought_count
from (values ('category', 'Tents', 120), ('category', 'Skis', 9), ('search term', 'Astrid', 40)) t(kind, interest, people);

insert into bi.survey_performance by name
select 'after purchase' as survey, moment, people as people_count, people as asked_count, score as net_promoter_score, answered as nps_people_count, 4 as mean_csat, people - 5 as csat_people_count
from (values ('after delivery', 60, 57, 40), ('after service', 20, 13, 10), ('other', 8, 20, 10)) t(moment, people, score, answered);

insert into bi.feedback_themes by name
select 'review' as kind, theme, people as people_count, texts as text_count, 20 as positive_count, null as negative_count
from (values ('all', 90, 100), ('delivery', 60, 70), ('price', 10, 15), ('other (small groups)', null, 15)) t(theme, people, texts);

insert into bi.experience_matrix by name
select 'all' as breakdown, 'all' as value, interaction as interaction_level, data_use as data_use_level, customers as customer_count, 8.6 as mean_nps, answers as nps_count, 'reading' as next_data_use_step
from (values ('high', 'high', 120, 50), ('low', 'high', 30, 10), ('low', 'low', 10, 0)) t(interaction, data_use, customers, answers);

insert into bi.service_performance by name
select breakdown, value, people as people_count, tickets as ticket_count, tickets as replied_count, rated as rated_count, followed as followed_count, before as bought_before_count, after as bought_after_count, round(before / nullif(followed, 0), 2) as bought_before_share, round(after / nullif(followed, 0), 2) as bought_after_share, 9.6 as first_reply_p50_hours, 3.6 as mean_satisfaction
from (values ('hour', '08', 72, 77, 15, 0, 0, 0), ('hour', '09', 8, 10, 10, 0, 0, 0), ('hour', 'other (small groups)', null, 15, 15, 0, 0, 0), ('first reply', 'within 4 h', 60, 65, 0, 50, 40, 30), ('first reply', 'later', 30, 35, 0, 20, 15, 10)) t(breakdown, value, people, tickets, rated, followed, before, after);

insert into bi.wishes by name
select 'which activity next?' as question, answer, is_category, people as people_count
from (values ('tents', true, 40), ('packrafts', false, 25), ('a robot', false, 8), ('other (small groups)', null, 20)) t(answer, is_category, people);

insert into bi.product_performance by name
select 'shop' as source_system, 'p' || n as product_key, 'Tent ' || n as product_name, 'Tents' as category, 120 - n as customer_count, 150 as order_count, 99 + n as p50_price_amount, 60 as first_buyer_count, 30 as came_back_count
from range(3) t(n);

insert into bi.risk_signals by name
from (values ('payment', 25), ('returns', 5), ('sudden orders', null)) t(signal, customer_count);

insert into bi.experience_matrix by name
select breakdown, value, 'low' as interaction_level, 'high' as data_use_level, customers as customer_count, 'ordered' as next_interaction_step
from (values ('store', 'Store 1', 60), ('store', 'Store 2', 10), ('lifecycle', 'active', 70)) t(breakdown, value, customers);

-- of the second letter too few who were held out bought; nobody was held out of the third
insert into bi.campaign_results by name
select
    breakdown, value, outcome, sent_on as first_sent_on, sent_on as last_sent_on, 300 as sent_count, 0.2 as response_share,
    cast(coalesce(held_out > 0, false) as bigint) as measured_lot_count, case when held_out > 0 then 300 end as measured_sent_count, held_out as held_out_count, cast(least(60, share * held_out, 1000) as bigint) as fewest_count, case when held_out > 0 then 0.2 end as measured_response_share,
    share as held_out_response_share, lift, lift - 0.05 as lift_low, lift + 0.05 as lift_high, verdict
from
    (
        values
        ('channel', 'email', date '2026-10-03', 200, 0.1, 0.1, 'higher'), ('campaign', 'Letter 1', date '2026-10-01', 200, 0.18, 0.02, 'cannot tell'),
        ('campaign', 'Letter 2', date '2026-10-02', 100, 0.08, 0.12, 'higher'), ('campaign', 'Letter 3', date '2026-10-03', null, null, null, 'not measured: nobody was held out')
    ) t(breakdown, value, sent_on, held_out, share, lift, verdict),
    (values ('purchase'), ('conversion')) o(outcome);

insert into bi.permission_trend by name
select date '2026-09-07' + cast(n * 7 as integer) as week_on, 'newsletter' as purpose, 'email' as channel, 200 + 10 * n as permitted_count, 10 as gained_count, 0 as lost_count
from range(6) t(n);

insert into bi.delivered_entities by name
select entity, entity = 'orders' as is_delivered, if(entity = 'orders', 'shop', null) as source_systems
from (values ('orders'), ('tickets'), ('usage_events')) t(entity);

insert into bi.event_plan_status by name
select kind as event_kind, 'web' as owner, 'as planned' as status, count as event_count_7d, count as visitor_count, count as visitor_count_7d, timestamp '2026-10-31' as last_seen_at
from (values ('page_view', 400), ('click', 60), ('form', 4)) t(kind, count);

-- the newest night had two checks that warned, and the one before was held; of one source too few rows were set aside
insert into bi.data_quality_by_night by name
select
    'run' || n as run_id, cast(described_at as date) as night_on, described_at, true as is_last_of_day, outcome, area, source_system, subject,
    passed_count, warned_count, failed_count, record_count, affected_count, affected_count / record_count as affected_share, described_at as newest_at
from
    (values (0, timestamp '2026-10-20 02:00:00', 'published', 3, 0), (1, timestamp '2026-10-31 02:00:00', 'held', 0, 1), (2, timestamp '2026-11-01 02:00:00', 'published', 2, 0)) n(n, described_at, outcome, warned_count, failed_count),
    (
        values
        ('night', null, 'all checks', 700, null, null), ('set aside', 'shop', 'orders', null, 400, 40), ('set aside', 'forms', 'survey responses', null, 80, null),
        ('sources', 'shop', 'new rows', null, 60, 0), ('sources', 'forms', 'new rows', null, 10, 1), ('records', null, 'without phone', null, 400, 100), ('records', null, 'without name', null, 400, null)
    ) t(area, source_system, subject, passed_count, record_count, affected_count);
