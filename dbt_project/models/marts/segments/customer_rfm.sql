with
    measured as (
        select
            c.customer_id,
            r.first_record,
            {{ days_between("last_ordered_at", as_of()) }} as recency_days,
            order_count as frequency,
            revenue_amount,
            currency
        from {{ ref("customer_360") }} c
        left join
            (
                select customer_id, min(source_system || ':' || source_key) as first_record
                from {{ ref("bridge_customer_source_records") }}
                where valid_to is null
                group by customer_id
            ) r
            on r.customer_id = c.customer_id
        -- who denied profiling is in no segment
        where order_count > 0 and not {{ refuses_profiling("c.customer_id") }}
    ),
    scored as (
        select
            *,
            -- 5 is best. A source record breaks ties: customer ids differ where the same sources are built anew
            ntile(5) over (order by recency_days desc, first_record) as recency_score,
            ntile(5) over (order by frequency, first_record) as frequency_score,
            ntile(5) over (order by revenue_amount nulls first, first_record) as money_score
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
    coalesce(r.segment, 'other') as rfm_segment
from scored s
left join
    {{ ref("rfm_segments") }} r
    on s.recency_score between r.recency_from and r.recency_to
    and s.frequency_score between r.frequency_from and r.frequency_to
