{{ config(materialized="table") }}

select
    cast(date_trunc('month', occurred_at) as date) as sent_month,
    purpose,
    channel,
    is_lawful,
    reason,
    case when {{ unless_few("count(distinct customer_id)") }} is not null then count(*) end as message_count
from {{ ref("fct_contact_compliance") }}
group by 1, 2, 3, 4, 5
