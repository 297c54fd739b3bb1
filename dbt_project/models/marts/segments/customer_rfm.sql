with
    ordered as (
        select
            customer_id,
            ordered_at,
            row_number() over (partition by customer_id order by ordered_at desc, source_system, source_key) as nth
        from {{ ref("fct_orders") }}
        where customer_id is not null and is_order and {{ has_come("ordered_at") }}
    ),
    last_two as (
        select
            customer_id,
            case
                when count(*) = 2 then {{ days_between("min(ordered_at)", "max(ordered_at)") }}
            end as last_order_gap_days
        from ordered
        where nth <= 2
        group by customer_id
    ),
    measured as (
        select
            c.customer_id,
            r.first_record,
            {{ days_between("last_ordered_at", as_of()) }} as recency_days,
            order_count as frequency,
            revenue_amount,
            currency,
            revenue_amount / order_count as order_value,
            margin_amount,
            g.last_order_gap_days
        from {{ ref("customer_360") }} c
        left join
            (
                select customer_id, min(source_system || ':' || source_key) as first_record
                from {{ ref("bridge_customer_source_records") }}
                where valid_to is null
                group by customer_id
            ) r
            on r.customer_id = c.customer_id
        left join last_two g on g.customer_id = c.customer_id
        -- whom anything may be inferred of
        join {{ ref("customer_profile") }} f on f.customer_id = c.customer_id
        where order_count > 0
    ),
    scored as (
        select
            *,
            -- 5 is best. A source record breaks ties: customer ids differ where the same sources are built anew
            ntile(5) over (order by recency_days desc, first_record) as recency_score,
            ntile(5) over (order by frequency, first_record) as frequency_score,
            ntile(5) over (order by revenue_amount nulls first, first_record) as money_score,
            row_number() over (order by revenue_amount desc nulls last, first_record) as revenue_rank,
            row_number() over (order by order_value desc nulls last, first_record) as order_value_rank,
            row_number() over (order by margin_amount desc nulls last, first_record) as margin_rank,
            count(*) over () as customers,
            count(margin_amount) over () as customers_with_margin
        from measured
    )
select
    s.customer_id,
    s.recency_days,
    s.frequency,
    s.revenue_amount,
    s.currency,
    s.recency_score,
    s.frequency_score,
    s.money_score,
    s.revenue_rank / cast(s.customers as double) as revenue_top_share,
    s.order_value_rank / cast(s.customers as double) as order_value_top_share,
    case
        when s.margin_amount is not null then s.margin_rank / cast(s.customers_with_margin as double)
    end as margin_top_share,
    s.last_order_gap_days,
    coalesce(r.segment, 'other') as rfm_segment
from scored s
left join
    {{ ref("rfm_segments") }} r
    on s.recency_score between r.recency_from and r.recency_to
    and s.frequency_score between r.frequency_from and r.frequency_to
