-- What was known on a past day: rows dated before it, of customers who may be profiled. Features read these views and nothing else.
-- Columns that a system overwrites later are left out, or cut: a renewal, a status, a reason that is told today was not known then.
create or replace temp macro days_ago(moment) as round(epoch({{ as_of }} - moment) / 86400, 1);

create or replace temp view profiled as select customer_id from marts.customer_profile;

-- Records that were there before the day. What is dated before it counts by the record that tells whose it is: visits of a shop account
-- that is made with the first order are there only for whoever ordered, so they would tell the answer. A record is there since its system
-- says, else since the first night that had it; an order, a contract and an email that was sent show that theirs was.
create or replace temp table known_records as
with
    records as (
        select
            s.source_system as person_system,
            s.source_key as person_key,
            coalesce(min(p.created_at), min(s.valid_from)) < {{ as_of }} as is_known
        from marts.bridge_customer_source_records s
        left join conformed.conformed_people p on p.source_system = s.source_system and p.source_key = s.source_key
        group by all
    )
select person_system, person_key
from records
where is_known
union all
select person_system, person_key
from records
semi join
    (
        select person_system, person_key from marts.fct_orders where is_order and ordered_at < {{ as_of }}
        union all
        select person_system, person_key from marts.fct_subscriptions where started_at < {{ as_of }}
        union all
        select person_system, person_key from marts.fct_email_events where kind = 'sent' and occurred_at < {{ as_of }}
    ) shown
    using (person_system, person_key)
where is_known is not true;

create or replace temp view known_orders as
select customer_id, ordered_at as known_at, gross_amount, discount_amount, channel
from marts.fct_orders semi join profiled using (customer_id)
where is_order and ordered_at < {{ as_of }};

create or replace temp view known_sessions as
select customer_id, started_at as known_at, page_views
from marts.fct_web_sessions semi join profiled using (customer_id) semi join known_records using (person_system, person_key)
where started_at < {{ as_of }};

create or replace temp view known_emails as
select customer_id, occurred_at as known_at, kind, campaign_key
from marts.fct_email_events semi join profiled using (customer_id) semi join known_records using (person_system, person_key)
where occurred_at < {{ as_of }};

create or replace temp view known_carts as
select customer_id, created_at as known_at
from marts.fct_carts semi join profiled using (customer_id) semi join known_records using (person_system, person_key)
where created_at < {{ as_of }};

create or replace temp view known_tickets as
select customer_id, opened_at as known_at, coalesce(solved_at < {{ as_of }}, false) as is_solved
from marts.fct_tickets semi join profiled using (customer_id) semi join known_records using (person_system, person_key)
where opened_at < {{ as_of }};

create or replace temp view known_answers as
select customer_id, submitted_at as known_at, nps, csat
from marts.fct_survey_responses semi join profiled using (customer_id) semi join known_records using (person_system, person_key)
where submitted_at < {{ as_of }};

-- of what no mart has: whose record it is
create or replace temp view record_owners as
select s.customer_id, s.source_system as person_system, s.source_key as person_key
from marts.bridge_customer_source_records s
semi join profiled p on p.customer_id = s.customer_id
semi join known_records k on k.person_system = s.source_system and k.person_key = s.source_key
where s.valid_to is null;

create or replace temp view known_uses as
select o.customer_id, e.occurred_at as known_at
from conformed.conformed_usage_events e join record_owners o using (person_system, person_key)
where e.deleted_at is null and e.occurred_at < {{ as_of }};

create or replace temp view known_subscriptions as
select customer_id, started_at as known_at, case when cancelled_at < {{ as_of }} then cancelled_at end as ended_at
from marts.fct_subscriptions semi join profiled using (customer_id)
where started_at < {{ as_of }};

create or replace temp view known_interactions as
select customer_id, occurred_at as known_at
from marts.fct_interactions semi join profiled using (customer_id) semi join known_records using (person_system, person_key)
where occurred_at < {{ as_of }};

-- stage, amount and the day on which a deal is expected to close are overwritten
create or replace temp view known_deals as
select o.customer_id, d.opened_at as known_at
from conformed.conformed_deals d join record_owners o using (person_system, person_key)
where d.deleted_at is null and d.opened_at < {{ as_of }};

create or replace temp view known_customers as
select
    c.customer_id,
    case when c.first_seen_at < {{ as_of }} then c.first_seen_at end as known_at,
    c.gender,
    p.region,
    date_sub('year', c.birth_date, cast({{ as_of }} as date)) as age
from marts.dim_customers c join marts.customer_profile p using (customer_id);

-- who was there by then, and had neither ordered nor had a subscription
create or replace temp view known_leads as
select c.customer_id
from known_customers c
anti join known_orders o on o.customer_id = c.customer_id
anti join known_subscriptions s on s.customer_id = c.customer_id
where c.known_at is not null;
