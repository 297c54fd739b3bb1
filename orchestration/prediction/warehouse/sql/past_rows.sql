-- What customers of `{{ customers }}` did, of those who may be profiled, with the time since which it is known. What is dated before a day was
-- known then only by the record that tells whose it is: visits of a shop account that is made with the first order are there only for whoever
-- ordered, so they would tell the answer. A record is there since its system says, else since the first night that had it; an order, a contract
-- and an email that was sent show that theirs was. Views but the first one: past.py keeps them as tables where many days are asked about.
create or replace temp view profiled as
select customer_id from marts.customer_profile p semi join {{ customers }} c using (customer_id);

create or replace temp table past_records as
with
    records as (
        select source_system as person_system, source_key as person_key, min(valid_from) as valid_from
        from marts.bridge_customer_source_records
        semi join
            (
                select b.source_system, b.source_key
                from marts.bridge_customer_source_records b semi join profiled using (customer_id)
            ) theirs
            using (source_system, source_key)
        group by all
    ),
    made as (
        select source_system as person_system, source_key as person_key, min(created_at) as created_at
        from conformed.conformed_people
        group by all
    ),
    shown as (
        select person_system, person_key, min(seen_at) as shown_at
        from
            (
                select person_system, person_key, ordered_at as seen_at from marts.fct_orders where is_order
                union all
                select person_system, person_key, started_at from marts.fct_subscriptions
                union all
                select person_system, person_key, occurred_at from marts.fct_email_events where kind = 'sent'
            )
        semi join records using (person_system, person_key)
        group by all
    )
select person_system, person_key, least(coalesce(made.created_at, records.valid_from), shown.shown_at) as record_at
from records left join made using (person_system, person_key) left join shown using (person_system, person_key);

create or replace temp view past_orders as
select customer_id, ordered_at as known_at, gross_amount, discount_amount, channel
from marts.fct_orders semi join profiled using (customer_id)
where is_order;

create or replace temp view past_sessions as
select customer_id, started_at as known_at, record_at, page_views
from marts.fct_web_sessions semi join profiled using (customer_id) join past_records using (person_system, person_key);

create or replace temp view past_emails as
select customer_id, occurred_at as known_at, record_at, kind, campaign_key
from marts.fct_email_events semi join profiled using (customer_id) join past_records using (person_system, person_key);

create or replace temp view past_carts as
select customer_id, created_at as known_at, record_at
from marts.fct_carts semi join profiled using (customer_id) join past_records using (person_system, person_key);

create or replace temp view past_tickets as
select customer_id, opened_at as known_at, record_at, solved_at
from marts.fct_tickets semi join profiled using (customer_id) join past_records using (person_system, person_key);

create or replace temp view past_answers as
select customer_id, submitted_at as known_at, record_at, nps, csat
from marts.fct_survey_responses semi join profiled using (customer_id) join past_records using (person_system, person_key);

create or replace temp view past_subscriptions as
select customer_id, started_at as known_at, cancelled_at
from marts.fct_subscriptions semi join profiled using (customer_id);

create or replace temp view past_interactions as
select customer_id, occurred_at as known_at, record_at
from marts.fct_interactions semi join profiled using (customer_id) join past_records using (person_system, person_key);

-- of what no mart has: whose record it is
create or replace temp view record_owners as
select customer_id, source_system as person_system, source_key as person_key, record_at
from marts.bridge_customer_source_records s
semi join profiled using (customer_id)
join past_records k on k.person_system = s.source_system and k.person_key = s.source_key
where s.valid_to is null;

create or replace temp view past_uses as
select o.customer_id, e.occurred_at as known_at, o.record_at
from conformed.conformed_usage_events e join record_owners o using (person_system, person_key)
where e.deleted_at is null;

-- stage, amount and the day on which a deal is expected to close are overwritten
create or replace temp view past_deals as
select o.customer_id, d.opened_at as known_at, o.record_at
from conformed.conformed_deals d join record_owners o using (person_system, person_key)
where d.deleted_at is null;

create or replace temp view past_customers as
select c.customer_id, c.first_seen_at as known_at, c.gender, p.region, c.birth_date
from marts.dim_customers c join marts.customer_profile p using (customer_id) semi join profiled using (customer_id);
