-- Customers of whom an amount is not known, of a credit note too: as customer_360 tells no revenue of them, nobody can
-- say what they are worth.
create or replace temp table unknown_worth as
select distinct o.customer_id as customer
from marts.fct_orders o
semi join marts.customer_profile p on p.customer_id = o.customer_id
where o.ordered_at <= $as_of and o.net_amount is null
