-- Of each of the lots who was in which arm, and whether they bought and kept goods within the days after, as the mart campaign_results counts
-- it. Of many customers some are taken, each with all their lots: features of all would be read from all events. Of a lot at most so many rows.
create or replace temp table recipients_by_lot as
with
    listed as (
        select lot, customer_id, sent_at, lot_at, is_held_out
        from {{ arms }}
        semi join marts.customer_profile using (customer_id)
        where lot in ({{ lots }})
    ),
    part as (select 1e6 * {{ most_customers }} / greatest(count(distinct customer_id), 1) as of_a_million from listed),
    taken as (
        select listed.*
        from listed, part
        where hash(customer_id) % 1000000 < of_a_million
        qualify row_number() over (partition by lot order by hash(customer_id, sent_at), customer_id) <= {{ most }}
    )
select
    lot,
    customer_id,
    not is_held_out as is_treated,
    exists (
        select 1
        from marts.fct_orders o
        where
            o.customer_id = taken.customer_id
            and o.is_sale
            and o.ordered_at >= taken.lot_at
            and o.ordered_at < taken.lot_at + interval {{ days }} day
    ) as outcome
from taken
