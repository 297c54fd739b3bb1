-- the 400 customers of the report's company by their number; number 7 is the only business
create temp table numbered as
select n, 'ID' || n as customer_id, case when n % 3 = 0 then 'active' when n % 3 = 1 then 'lapsed' else 'lead' end as stage
from range(400) t(n);

insert into marts.dim_customers by name
select
    customer_id,
    'CKEY' || n as customer_key,
    case when n = 7 then 'Åsa Öberg' else 'Person ' || n end as full_name,
    'p' || n || '@example.se' as email,
    'Umeå' as city,
    n = 7 as is_business,
    false as is_protected
from numbered;

insert into marts.customer_360 by name
select
    customer_id,
    n % 10 as order_count,
    n = 7 as is_business,
    n % 2 = 0 as is_club_member,
    case when n < 5 then 'Rare' when n % 2 = 0 then 'Tents' else 'Skis' end as favourite_category,
    timestamp '2026-11-01 02:00:00' - to_days(cast(n as integer)) as last_ordered_at
from numbered;

insert into marts.customer_profile by name select customer_id from numbered;

insert into segments.customer_lifecycle by name
select customer_id, stage as lifecycle_stage from numbered;

insert into segments.customer_segments by name
select customer_id, 'lifecycle' as scheme, stage as segment from numbered
union all
select customer_id, 'club', 'member' from numbered where n < 134;

insert into marts.contact_permissions by name
select customer_id, 'newsletter' as purpose, 'email' as channel, n % 2 = 0 as is_permitted, 'granted' as reason from numbered;

insert into marts.bridge_customer_source_records by name
select customer_id, 'crm' as source_system, 'r' || n as source_key from numbered;
