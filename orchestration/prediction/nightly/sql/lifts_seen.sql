-- the arms whose outcome is known: how many there are, of which day the latest are, how many were held out, and how many sales there are by the
-- end of their days; one that comes late is one more
with known as (select lot_at, held_out, treated from campaign_lots where lot_at <= {{ until }})
select
    coalesce(sum(held_out + treated), 0),
    max(lot_at),
    coalesce(sum(held_out), 0),
    -- counted where they are read: a bound that is not known beforehand is joined last, behind all customers
    (
        select count(*) filter (ordered_at < (select max(lot_at) from known) + interval {{ days }} day)
        from marts.fct_orders
        semi join marts.customer_profile using (customer_id)
        where is_sale
    )
from known
