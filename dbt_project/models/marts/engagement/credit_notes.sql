-- an order says that it was refunded, and a credit note of the same amount says it again: pairs, the oldest first
with
    orders as (
        select
            e.source_system,
            e.source_key,
            e.person_system,
            e.person_key,
            e.currency,
            e.ordered_at,
            e.amount < 0 as is_note,
            cast({{ order_refunded(order_gross()) }} as decimal(18, 2)) as refunded
        from {{ ref("conformed_orders") }} e
        left join {{ ref("order_returns") }} r on r.source_system = e.source_system and r.order_key = e.source_key
        where
            e.deleted_at is null
            and e.person_key is not null
            and e.status is distinct from 'cancelled'
            and (e.amount < 0 or e.status = 'refunded' or e.refunded_amount > 0 or r.order_key is not null)
    ),
    numbered as (
        select
            *,
            row_number() over (
                partition by source_system, person_system, person_key, currency, refunded, is_note
                order by ordered_at, source_key
            ) as nth
        from orders
        where refunded > 0
    )
select n.source_system, n.source_key, o.source_key as order_key
from numbered n
join
    numbered o
    on o.source_system = n.source_system
    and o.person_system = n.person_system
    and o.person_key = n.person_key
    and o.currency is not distinct from n.currency
    and o.refunded = n.refunded
    and o.nth = n.nth
where n.is_note and not o.is_note
