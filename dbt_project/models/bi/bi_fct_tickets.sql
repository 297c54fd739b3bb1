select
    f.source_system,
    f.source_key,
    {{ customer_key("f.customer_id") }} as customer_key,
    f.opened_at,
    f.first_reply_at,
    f.solved_at,
    f.category,
    f.satisfaction,
    f.first_reply_hours
from {{ ref("fct_tickets") }} f
