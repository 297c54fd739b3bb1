with {{ categories_of_many("fct_subscriptions", ["cancellation_reason"]) }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    c.customer_key,
    {{ analyst_time("f.started_at") }} as started_at,
    {{ analyst_time("f.renewed_at") }} as renewed_at,
    {{ analyst_time("f.cancelled_at") }} as cancelled_at,
    {{ category("cancellation_reason") }} as cancellation_reason,
    -- the times beside it tell it
    {{ has_come("f.started_at") }} and {{ is_to_come("f.cancelled_at") }} as is_active
from {{ ref("fct_subscriptions") }} f
left join
    {{ ref("dim_customers") }} c using (customer_id)
    {{ joined_shown(["source_key"], is_key=true) }}
    {{ joined_categories(["cancellation_reason"]) }}
