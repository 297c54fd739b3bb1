{{ fact_config("orders") }}

select
    e.source_system,
    e.source_key,
    s.customer_id,
    e.person_system,
    -- sold to somebody, of whom nothing is told while they are restricted
    case when {{ is_of_somebody_free() }} then e.person_key end as person_key,
    e.ordered_at,
    e.status as order_status,
    e.amount as order_amount,
    e.discount as discount_amount,
    e.currency,
    {{ in_company_currency("e.amount", "e.currency") }} as base_amount,
    e.channel,
    e.campaign_key,
    e.store,
    e.delivered_at,
    e.load_id
from {{ ref("conformed_orders") }} e
left join
    {{ ref("bridge_customer_source_records") }} s
    on s.source_system = e.person_system
    and s.source_key = e.person_key
    and s.valid_to is null
left join {{ ref("exchange_rates") }} x on x.currency = e.currency
where e.deleted_at is null {{ changed_since_last_run() }}
