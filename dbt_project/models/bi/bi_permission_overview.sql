{{ config(materialized="table") }}

select
    purpose,
    channel,
    reason,
    {{ unless_few("count(*)") }} as customer_count,
    {{ unless_few("count(*) filter (is_permitted)") }} as permitted_count
from {{ ref("contact_permissions") }}
group by purpose, channel, reason
