{%- set insight = var("insight") %}
with
    -- a signal is an inference: there is one only of whom anything may be inferred
    customers as (
        select c.customer_id, c.order_count, c.refunded_share
        from {{ ref("customer_360") }} c
        join {{ ref("customer_profile") }} f on f.customer_id = c.customer_id
    ),
    overdue as (
        select
            s.customer_id,
            count(*) as invoices,
            max({{ days_between("e.due_on", "cast(" ~ as_of() ~ " as date)") }}) as oldest_days
        from {{ ref("conformed_invoices") }} e {{ join_customer() }}
        where
            e.deleted_at is null
            and {{ is_to_come("e.paid_at") }}
            and e.amount > 0
            and e.due_on < {{ days_before(as_of(), insight["overdue_days"]) }}
        group by s.customer_id
    ),
    rhythm as (
        select
            customer_id,
            count(*) filter (ordered_at > {{ as_of() }} - {{ days(7) }}) as orders_7d,
            count(*) filter (ordered_at <= {{ as_of() }} - {{ days(7) }}) / 26.0 as mean_week_orders
        from {{ ref("fct_orders") }}
        where is_order and ordered_at <= {{ as_of() }} and ordered_at > {{ as_of() }} - {{ days(7 * 27) }}
        group by customer_id
    ),
    signals as (
        select
            customer_id,
            'returns' as signal,
            refunded_share as observed,
            cast({{ insight["risk_refunded_share"] }} as double) as threshold,
            'gave back '
            || cast(round(100 * refunded_share) as integer)
            || ' % of the value of '
            || order_count
            || ' orders' as reason
        from customers
        where
            order_count >= {{ insight["risk_least_orders"] }} and refunded_share >= {{ insight["risk_refunded_share"] }}
        union all
        select
            customer_id,
            'payment',
            cast(invoices as double),
            1.0,
            invoices
            || case when invoices = 1 then ' invoice is' else ' invoices are' end
            || ' not paid, the oldest '
            || oldest_days
            || ' days after it was due'
        from overdue
        union all
        select
            customer_id,
            'sudden orders',
            cast(orders_7d as double),
            cast({{ insight["risk_order_factor"] }} * mean_week_orders as double),
            orders_7d
            || ' orders in 7 days; '
            || cast(round(mean_week_orders, 1) as decimal(9, 1))
            || ' a week in the half year before'
        from rhythm
        where
            orders_7d >= {{ insight["risk_least_orders"] }}
            and orders_7d >= {{ insight["risk_order_factor"] }} * mean_week_orders
        union all
        select
            customer_id,
            'shared identifiers',
            cast(sharing_customer_count as double),
            cast({{ insight["risk_sharing_customers"] }} as double),
            'shares ' || shared_points || ' with ' || sharing_customer_count || ' customers of other households'
        from {{ ref("customer_shared_points") }}
        where sharing_customer_count >= {{ insight["risk_sharing_customers"] }}
    )
select s.customer_id, s.signal, s.reason, s.observed, s.threshold
from signals s
join customers c on c.customer_id = s.customer_id
