-- customers who may be profiled as numbers: rows are grouped faster by them than by ids
create or replace temp table {{ table }} as
select customer_id, cast(row_number() over () as uinteger) as customer
from marts.customer_profile
