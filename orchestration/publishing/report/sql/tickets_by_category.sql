with
    opened as (
        select
            coalesce(category, 'unknown') as category,
            customer_key,
            first_reply_hours,
            date_diff('minute', opened_at, solved_at) / 60.0 as solved_hours,
            satisfaction
        from bi.fct_tickets
        where opened_at > {{ as_of }} - interval 12 months and opened_at <= {{ as_of }}
    )
select
    category,
    count(distinct customer_key) as people,
    cast({{ metric_tickets }} as bigint) as ticket_count,
    median(first_reply_hours) as first_reply_hours,
    count(distinct case when first_reply_hours is not null then customer_key end) as first_reply_hours_people,
    median(solved_hours) as solved_hours,
    count(distinct case when solved_hours is not null then customer_key end) as solved_hours_people,
    {{ metric_ticket_satisfaction }} as satisfaction_average,
    count(distinct case when satisfaction is not null then customer_key end) as satisfaction_average_people,
    {{ rest_ticket_satisfaction }} as satisfaction_average_rest
from opened
group by category
