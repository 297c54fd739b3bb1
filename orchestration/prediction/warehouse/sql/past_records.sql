-- Since when each source record is known. What is dated before a day was known then only by the record that tells whose it is: visits of a shop
-- account that is made with the first order are there only for whoever ordered, so they would tell the answer. A record is there since its system
-- says, else since the first night that had it; an order, a contract and an email that was sent show that theirs was.
create or replace temp table past_records as
with
    records as (
        select source_system as person_system, source_key as person_key, min(valid_from) as valid_from
        from marts.bridge_customer_source_records
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
        group by all
    )
select person_system, person_key, least(coalesce(made.created_at, records.valid_from), shown.shown_at) as record_at
from records left join made using (person_system, person_key) left join shown using (person_system, person_key)
