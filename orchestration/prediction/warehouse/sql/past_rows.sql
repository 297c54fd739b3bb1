-- What customers did: of everybody, for features are made of customers of the table `wanted` only (known.py). `late_at` is when the record came
-- that tells whose it is, where that is not before `{{ since }}`, and nobody asks of an earlier moment. A row of a mart has its customer by a record
-- of the bridge, so none lacks one. Views: known.py keeps them as tables where many days are asked about.
create or replace temp view late_records as
select person_system, person_key, coalesce(record_at, timestamp 'infinity') as late_at
from past_records
where record_at is null or record_at >= {{ since }};

create or replace temp view past_orders as
select customer_id, ordered_at as known_at, gross_amount, discount_amount, channel
from marts.fct_orders
where is_order;

create or replace temp view past_sessions as
select customer_id, started_at as known_at, late_at, page_views
from marts.fct_web_sessions left join late_records using (person_system, person_key);

create or replace temp view past_emails as
select customer_id, occurred_at as known_at, late_at, kind
from marts.fct_email_events left join late_records using (person_system, person_key)
where kind in ('delivered', 'opened', 'clicked');

create or replace temp view past_carts as
select customer_id, created_at as known_at, late_at
from marts.fct_carts left join late_records using (person_system, person_key);

create or replace temp view past_tickets as
select customer_id, opened_at as known_at, late_at, solved_at
from marts.fct_tickets left join late_records using (person_system, person_key);

create or replace temp view past_answers as
select customer_id, submitted_at as known_at, late_at, nps, csat
from marts.fct_survey_responses left join late_records using (person_system, person_key);

create or replace temp view past_subscriptions as
select customer_id, started_at as known_at, cancelled_at
from marts.fct_subscriptions;

create or replace temp view past_interactions as
select customer_id, occurred_at as known_at, late_at
from marts.fct_interactions left join late_records using (person_system, person_key);

-- of what no mart has: whose record it is
create or replace temp view record_owners as
select customer_id, source_system as person_system, source_key as person_key, late_at
from marts.bridge_customer_source_records s
semi join profiled using (customer_id)
left join late_records k on k.person_system = s.source_system and k.person_key = s.source_key
where s.valid_to is null;

create or replace temp view past_uses as
select o.customer_id, e.occurred_at as known_at, o.late_at
from conformed.conformed_usage_events e join record_owners o using (person_system, person_key)
where e.deleted_at is null;

-- stage, amount and the day on which a deal is expected to close are overwritten
create or replace temp view past_deals as
select o.customer_id, d.opened_at as known_at, o.late_at
from conformed.conformed_deals d join record_owners o using (person_system, person_key)
where d.deleted_at is null;

create or replace temp view past_customers as
select c.customer_id, c.first_seen_at as known_at, c.gender, p.region, c.birth_date
from marts.dim_customers c join marts.customer_profile p using (customer_id) semi join profiled using (customer_id);
