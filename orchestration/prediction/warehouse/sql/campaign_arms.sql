-- Who was sent a campaign by email and who was held out of it at random, of those who may be profiled: events of kind held_out, and exports of
-- audiences (export_arms). A campaign that is sent within a few days is one lot; one that goes on is a lot each day. Two campaigns on one day
-- are two lots: they are sent to other customers, or hold other shares out. Who was in both arms of a lot, as two records of one person, is in
-- none of it. Lots and customers are numbers until somebody asks of them: there are many more members than either.
create or replace temp table lot_days as
with
    days as (
        select
            source_system,
            campaign_key,
            date_trunc('day', occurred_at) as day,
            bool_or(kind = 'held_out') as holds_out
        from marts.fct_email_events
        where
            kind in ('sent', 'held_out')
            and campaign_key is not null
            and customer_id is not null
            and occurred_at < {{ as_of }}
        group by all
    ),
    -- by all who were written to, as in the mart: also by who may not be profiled
    dated as (
        select
            *,
            case
                when max(day) over campaign - min(day) over campaign <= interval {{ lot_days }} day then min(day) over campaign else day
            end as sent_at
        from days
        window campaign as (partition by source_system, campaign_key)
    ),
    lots as (
        select hash(source_system, campaign_key, sent_at) as lot, source_system, campaign_key, day, sent_at, false as is_export
        from dated
        qualify bool_or(holds_out) over (partition by source_system, campaign_key, sent_at)
        union all
        select distinct lot, null, campaign_key, null::timestamp, sent_at, true
        from export_arms
        where sent_at < {{ as_of }}
    )
select *, cast(dense_rank() over (order by lot, sent_at) as uinteger) as nth
from lots;

create or replace temp table lot_members as
with
    said as (
        select d.nth, c.customer, e.occurred_at as said_at, e.kind = 'held_out' as is_held_out
        from marts.fct_email_events e
        join arm_customers c using (customer_id)
        join
            lot_days d
            on d.source_system = e.source_system
            and d.campaign_key = e.campaign_key
            and d.day = date_trunc('day', e.occurred_at)
        where e.kind in ('sent', 'held_out') and e.occurred_at < {{ as_of }}
        union all
        select d.nth, c.customer, e.said_at, e.is_held_out
        from export_arms e
        join arm_customers c using (customer_id)
        join lot_days d on d.is_export and d.lot = e.lot and d.sent_at = e.sent_at
    )
select
    nth,
    customer,
    min(said_at) as said_at,
    bool_or(is_held_out) as is_held_out,
    bool_or(is_held_out) <> bool_and(is_held_out) as is_in_both
from said
group by nth, customer;

-- both arms have the same days: they begin with the first message of the lot
create or replace temp table campaign_lots as
with
    named as (
        select
            nth,
            lot,
            sent_at,
            any_value(source_system) as source_system,
            any_value(campaign_key) as campaign_key,
            any_value(is_export) as is_export
        from lot_days
        group by nth, lot, sent_at
    ),
    counted as (
        select
            nth,
            min(said_at) filter (not is_in_both) as lot_at,
            count(*) filter (not is_in_both and is_held_out) as held_out,
            count(*) filter (not is_in_both and not is_held_out) as treated,
            bool_or(is_held_out) and not bool_and(is_held_out and not is_in_both) as has_arms
        from lot_members
        group by nth
    )
select n.* exclude (is_export), c.* exclude (nth, has_arms)
from named n
join counted c using (nth)
where n.is_export or c.has_arms;

create or replace temp view campaign_arms as
select l.lot, l.source_system, l.campaign_key, c.customer_id, l.sent_at, l.lot_at, m.is_held_out
from lot_members m
join campaign_lots l using (nth)
join arm_customers c using (customer)
where not m.is_in_both
