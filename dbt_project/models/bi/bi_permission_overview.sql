{{ config(materialized="table") }}

select purpose, channel, reason, count(*) as customer_count, count(*) filter (is_permitted) as permitted_count
from {{ ref("contact_permissions") }}
group by purpose, channel, reason
