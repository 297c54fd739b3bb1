{{ config(materialized="table") }}

with
    -- whoever is not known counts by the address that was written to
    cells as (
        select
            cast(date_trunc('month', m.occurred_at) as date) as sent_month,
            m.purpose,
            m.channel,
            m.is_lawful,
            m.reason_code,
            m.reason,
            count(distinct {{ person_of_email("m.customer_id") }}) as people,
            count(*) as messages
        from {{ ref("fct_contact_compliance") }} m
        left join
            {{ ref("conformed_email_events") }} e
            on m.customer_id is null
            and e.source_system = m.source_system
            and e.source_key = m.source_key
        group by 1, 2, 3, 4, 5, 6
    ),
    marked as (
        select *, {{ is_lumped(["sent_month", "purpose", "channel"], ["is_lawful", "reason"]) }} as is_lumped from cells
    )
select
    sent_month,
    purpose,
    channel,
    case when not is_lumped then is_lawful end as is_lawful,
    case when is_lumped then 'several' else reason_code end as reason_code,
    case when is_lumped then {{ lumped() }} else reason end as reason,
    -- where no cell is of enough people, neither is their sum for certain
    case when bool_or(not {{ is_few("people") }}) then cast(sum(messages) as bigint) end as message_count
from marked
group by 1, 2, 3, 4, 5, 6
