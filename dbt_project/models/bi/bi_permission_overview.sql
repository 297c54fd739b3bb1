{{ config(materialized="table") }}

with
    cells as (
        select purpose, channel, reason_code, reason, count(*) as people, count(*) filter (is_permitted) as permitted
        from {{ ref("contact_permissions") }}
        group by 1, 2, 3, 4
    ),
    marked as (select *, {{ is_lumped(["purpose", "channel"], ["reason"]) }} as is_lumped from cells)
select
    purpose,
    channel,
    case when is_lumped then 'several' else reason_code end as reason_code,
    case when is_lumped then {{ lumped() }} else reason end as reason,
    case when bool_or(not {{ is_few("people") }}) then cast(sum(people) as bigint) end as customer_count,
    case when not is_lumped then cast(sum(permitted) as bigint) end as permitted_count
from marked
group by
    purpose,
    channel,
    is_lumped,
    case when is_lumped then 'several' else reason_code end,
    case when is_lumped then {{ lumped() }} else reason end
