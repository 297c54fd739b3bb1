with
    opened as (
        select
            cast(date_trunc('month', opened_at) as date) as opened_month,
            customer_key,
            first_reply_hours
        from bi.fct_tickets
        where opened_at >= date_trunc('month', {{ as_of }}) - interval 12 months and opened_at <= {{ as_of }}
    )
select
    opened_month,
    count(distinct customer_key) as people,
    cast({{ metric_tickets }} as bigint) as ticket_count,
    median(first_reply_hours) as first_reply_hours,
    count(distinct case when first_reply_hours is not null then customer_key end) as first_reply_hours_people
from opened
group by opened_month
