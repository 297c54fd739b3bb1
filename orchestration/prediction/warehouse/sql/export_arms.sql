-- of exports of audiences for email that held customers out: who was in the file and who was not, by today's ids; an
-- audience that was exported again on a day is one lot with it
create or replace temp table export_arms as
with
    ids as (
        select customer_id, customer_id as noted_id from marts.customer_profile
        union all
        select r.customer_id, r.old_customer_id
        from marts.customer_id_redirects r
        semi join marts.customer_profile p on p.customer_id = r.customer_id
    ),
    hashed as (select customer_id, {{ hashed }} as keyed_hash from ids),
    exports as (
        select e.export_id, e.what, e.exported_at, date_trunc('day', e.exported_at) as sent_at
        from restricted.exports e
        join reference.audience_rules r on e.what = 'audience ' || r.audience and r.channel = 'email'
        where e.export_id in (select export_id from restricted.held_out)
    ),
    arms as (
        select export_id, keyed_hash, false as is_held_out from restricted.export_members
        union all
        select export_id, keyed_hash, true from restricted.held_out
    )
select hash(e.what, e.sent_at) as lot, e.what as campaign_key, h.customer_id, e.sent_at, e.exported_at as said_at, a.is_held_out
from exports e
join arms a on a.export_id = e.export_id
join hashed h on h.keyed_hash = a.keyed_hash
