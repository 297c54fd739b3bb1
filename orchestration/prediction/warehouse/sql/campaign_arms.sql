-- Who was sent a campaign by email and who was held out of it at random, of those who may be profiled: events of kind held_out, and exports of
-- audiences (export_arms). A campaign that is sent within a few days is one lot; one that goes on is a lot each day. Two campaigns on one day
-- are two lots: they are sent to other customers, or hold other shares out. Who was in both arms of a lot, as two records of one person, is in
-- none of it.
create or replace temp table campaign_arms as
with
    said as (
        select
            customer_id,
            source_system,
            campaign_key,
            occurred_at as said_at,
            date_trunc('day', occurred_at) as day,
            kind = 'held_out' as is_held_out
        from marts.fct_email_events
        where
            kind in ('sent', 'held_out')
            and campaign_key is not null
            and customer_id is not null
            and occurred_at < {{ as_of }}
    ),
    dated as (
        select
            *,
            case
                when max(day) over campaign - min(day) over campaign <= interval {{ lot_days }} day then min(day) over campaign else day
            end as sent_at
        from said
        window campaign as (partition by source_system, campaign_key)
    ),
    with_both as (
        select
            hash(source_system, campaign_key, sent_at) as lot,
            source_system,
            campaign_key,
            customer_id,
            sent_at,
            said_at,
            is_held_out
        from dated
        -- behind the days of a lot, which are those of all who were written to, as in the mart
        semi join marts.customer_profile using (customer_id)
        window one_lot as (partition by source_system, campaign_key, sent_at)
        qualify bool_or(is_held_out) over one_lot and not bool_and(is_held_out) over one_lot
        union all
        select lot, null, campaign_key, customer_id, sent_at, said_at, is_held_out from export_arms where sent_at < {{ as_of }}
    )
select
    lot,
    any_value(source_system) as source_system,
    any_value(campaign_key) as campaign_key,
    customer_id,
    sent_at,
    -- both arms have the same days: they begin with the first message of the lot
    min(min(said_at)) over (partition by lot) as lot_at,
    bool_or(is_held_out) as is_held_out
from with_both
group by lot, customer_id, sent_at
having bool_or(is_held_out) = bool_and(is_held_out)
