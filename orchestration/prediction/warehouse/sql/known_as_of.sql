-- What was known on a past day: rows of past_rows.sql dated before it, by records that were there. Features read these views and nothing else.
-- Columns that a system overwrites later are left out, or cut: a renewal, a status, a reason that is told today was not known then.
create or replace temp macro days_ago(moment) as round(epoch({{ as_of }} - moment) / 86400, 1);
-- days_ago(moment) <= days, without working it out of each event: 4320 seconds are the .05 days that rounding takes away
create or replace temp macro within(moment, days) as moment > {{ as_of }} - to_seconds(86400 * days + 4320);

create or replace temp view known_orders as from past_orders where known_at < {{ as_of }};

create or replace temp view known_sessions as
select * exclude (late_at) from past_sessions where known_at < {{ as_of }} and (late_at is null or late_at < {{ as_of }});

create or replace temp view known_emails as
select * exclude (late_at) from past_emails where known_at < {{ as_of }} and (late_at is null or late_at < {{ as_of }});

create or replace temp view known_carts as
select * exclude (late_at) from past_carts where known_at < {{ as_of }} and (late_at is null or late_at < {{ as_of }});

create or replace temp view known_tickets as
select customer_id, known_at, coalesce(solved_at < {{ as_of }}, false) as is_solved
from past_tickets
where known_at < {{ as_of }} and (late_at is null or late_at < {{ as_of }});

create or replace temp view known_answers as
select * exclude (late_at) from past_answers where known_at < {{ as_of }} and (late_at is null or late_at < {{ as_of }});

create or replace temp view known_uses as
select * exclude (late_at) from past_uses where known_at < {{ as_of }} and (late_at is null or late_at < {{ as_of }});

create or replace temp view known_subscriptions as
select customer_id, known_at, case when cancelled_at < {{ as_of }} then cancelled_at end as ended_at
from past_subscriptions
where known_at < {{ as_of }};

create or replace temp view known_interactions as
select * exclude (late_at) from past_interactions where known_at < {{ as_of }} and (late_at is null or late_at < {{ as_of }});

create or replace temp view known_deals as
select * exclude (late_at) from past_deals where known_at < {{ as_of }} and (late_at is null or late_at < {{ as_of }});

create or replace temp view known_customers as
select
    customer_id,
    case when known_at < {{ as_of }} then known_at end as known_at,
    gender,
    region,
    date_sub('year', birth_date, cast({{ as_of }} as date)) as age
from past_customers;
