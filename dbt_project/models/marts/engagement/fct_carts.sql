{{ fact_config("carts") }}

select
    e.source_system,
    e.source_key,
    s.customer_id,
    e.person_system,
    e.person_key,
    e.created_at,
    e.abandoned_at,
    e.value as cart_amount,
    e.currency,
    e.items as item_count,
    e.load_id
from {{ ref("conformed_carts") }} e {{ join_customer() }}
where e.deleted_at is null and {{ is_of_somebody_free() }} {{ changed_since_last_run() }}
