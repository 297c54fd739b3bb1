-- which customers are in a segment, by their place in the order of profiled_analyst, segment by segment
with
    placed as (
        select
            c.lifecycle_stage,
            c.rfm_segment,
            c.age_band,
            row_number() over (order by c.customer_key) - 1 as position
        from bi.dim_customers c
        where c.lifecycle_stage not in ('not profiled', {{ lumped }})
    ),
    told as (
        select 'lifecycle' as scheme, lifecycle_stage as segment, position from placed
        union all
        select 'rfm', rfm_segment, position from placed
        union all
        select 'age', age_band, position from placed
    )
select dense_rank() over (order by scheme, segment) as segment, position
from told
where segment is not null
order by 1, 2
