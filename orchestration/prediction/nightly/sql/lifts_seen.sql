-- the arms whose outcome is known: how many there are, of which day the latest are, how many were held out, and how many sales there are by the
-- end of their days; one that comes late is one more
with known as (select lot_at, is_held_out from campaign_arms where lot_at <= {{ until }})
select
    count(*),
    max(lot_at),
    count(*) filter (is_held_out),
    (
        select count(*)
        from marts.fct_orders
        semi join marts.customer_profile using (customer_id)
        where is_sale and ordered_at < (select max(lot_at) from known) + interval {{ days }} day
    )
from known
