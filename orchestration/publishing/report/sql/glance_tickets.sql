select
    count(distinct customer_key) as people,
    cast({{ metric_tickets }} as bigint) as ticket_count
from bi.fct_tickets
where opened_at > {{ as_of }} - interval 30 days and opened_at <= {{ as_of }}
