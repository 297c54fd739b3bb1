with
    -- a credit note is no order, but takes from the revenue of its month
    rows_by_customer as (
        select
            customer_id,
            {{ month_number("ordered_at") }} as month_number,
            is_order,
            net_amount,
            row_number() over (
                partition by customer_id, is_order order by ordered_at, source_system, source_key
            ) as order_number
        from {{ ref("fct_orders") }}
        where customer_id is not null and ordered_at <= {{ as_of() }} and (is_order or net_amount <> 0)
    ),
    customers as (
        select customer_id, min(month_number) as cohort, min(month_number) filter (order_number = 2) as repeated
        from rows_by_customer
        where is_order
        group by customer_id
    ),
    activity as (
        select
            c.cohort,
            greatest(r.month_number - c.cohort, 0) as months_since,
            count(distinct r.customer_id) filter (r.is_order) as active,
            count(*) filter (r.is_order) as orders,
            {{ known_sum("r.net_amount") }} as net_amount
        from rows_by_customer r
        join customers c on c.customer_id = r.customer_id
        group by 1, 2
    ),
    repeats as (
        select cohort, repeated - cohort as months_since, count(*) as customers
        from customers
        where repeated is not null
        group by 1, 2
    ),
    -- a month in which nobody orders is a row too
    cells as (
        select s.cohort, s.customers, m.each as months_since
        from (select cohort, count(*) as customers from customers group by cohort) s
        join
            {{ numbers_up_to("select " ~ month_number(as_of()) ~ " - min(cohort) from customers") }} m
            on m.each <= {{ month_number(as_of()) }} - s.cohort
    )
select
    {{ month_of_number("c.cohort") }} as cohort_month,
    c.months_since,
    c.customers as cohort_customer_count,
    coalesce(a.active, 0) as active_customer_count,
    cast(
        coalesce(sum(r.customers) over (partition by c.cohort order by c.months_since), 0) as bigint
    ) as repeat_customer_count,
    coalesce(a.orders, 0) as order_count,
    cast(case when a.cohort is null then 0 else a.net_amount end as decimal(18, 2)) as net_amount,
    '{{ var("currency") }}' as currency,
    c.cohort + c.months_since < {{ month_number(as_of()) }} as is_final
from cells c
left join activity a on a.cohort = c.cohort and a.months_since = c.months_since
left join repeats r on r.cohort = c.cohort and r.months_since = c.months_since
