with
    opened as (
        select
            cast(date_trunc('month', opened_at) as date) as opened_month,
            coalesce(customer_key, source_system || ':' || source_key) as person,
            first_reply_hours
        from bi.fct_tickets
        where opened_at >= date_trunc('month', {{ as_of }}) - interval 12 months and opened_at <= {{ as_of }}
    )
select
    opened_month,
    count(distinct person) as people,
    count(*) as ticket_count,
    median(first_reply_hours) as first_reply_hours,
    count(distinct case when first_reply_hours is not null then person end) as first_reply_hours_people
from opened
group by opened_month
