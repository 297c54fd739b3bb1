-- the arms whose outcome is known: how many of whom may be profiled, of which day the latest are, how many were held out, and how many orders
-- there are by the end of their days; one that comes late is one more
with
    known as (
        select sent_at, is_held_out
        from campaign_arms
        semi join marts.customer_profile using (customer_id)
        where sent_at <= {{ until }}
    )
select
    count(*),
    max(sent_at),
    count(*) filter (is_held_out),
    (
        select count(*)
        from marts.fct_orders
        semi join marts.customer_profile using (customer_id)
        where is_order and ordered_at < (select max(sent_at) from known) + interval {{ days }} day
    )
from known
