select
    f.source_system,
    f.source_key,
    c.customer_key,
    f.opened_at,
    f.first_reply_at,
    f.solved_at,
    f.category,
    f.satisfaction,
    f.first_reply_hours
from {{ ref("fct_tickets") }} f
left join {{ ref("dim_customers") }} c using (customer_id)
