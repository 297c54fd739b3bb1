with
    measured as (
        select
            customer_id,
            order_count,
            {{ days_between("last_ordered_at", as_of()) }} as days_since_order,
            first_ordered_at
        from {{ ref("customer_360") }} c
        -- who denied profiling is in no segment
        where not {{ refuses_profiling("c.customer_id") }}
    )
select
    m.customer_id,
    m.days_since_order,
    -- the first rule that holds, in the seed's order
    coalesce({{ earliest("r.lifecycle_stage", "r.rule_order") }}, 'prospect') as lifecycle_stage
from measured m
left join
    {{ ref("lifecycle_rules") }} r
    on m.order_count >= r.min_orders
    and m.order_count <= coalesce(r.max_orders, m.order_count)
    and (r.max_days_since_order is null or m.days_since_order <= r.max_days_since_order)
    and (r.min_orders > 0 or m.order_count = 0)
group by m.customer_id, m.days_since_order
