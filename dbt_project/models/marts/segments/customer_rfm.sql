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
            {{ days_between("last_ordered_at", as_of()) }} as recency_days,
            order_count as frequency,
            revenue_amount,
            currency,
            revenue_amount / order_count as order_value,
            margin_amount,
            g.last_order_gap_days
        from {{ ref("customer_360") }} c
        left join last_two g on g.customer_id = c.customer_id
        -- whom anything may be inferred of
        join {{ ref("customer_profile") }} f on f.customer_id = c.customer_id
        where order_count > 0
    ),
    scored as (
        select
            *,
            -- 5 is best
            {{ score_by_fifths("recency_days desc") }} as recency_score,
            {{ score_by_fifths("frequency") }} as frequency_score,
            {{ score_by_fifths("revenue_amount nulls first") }} as money_score,
            -- of equal customers none is before another: all of them are in the top or none
            cume_dist() over (order by revenue_amount desc nulls last) as revenue_top_share,
            cume_dist() over (order by order_value desc nulls last) as order_value_top_share,
            cume_dist() over (partition by margin_amount is null order by margin_amount desc) as margin_top_share
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
    s.revenue_top_share,
    s.order_value_top_share,
    case when s.margin_amount is not null then s.margin_top_share end as margin_top_share,
    s.last_order_gap_days,
    coalesce(r.segment, 'other') as rfm_segment
from scored s
left join
    {{ ref("rfm_segments") }} r
    on s.recency_score between r.recency_from and r.recency_to
    and s.frequency_score between r.frequency_from and r.frequency_to
