{%- set parts = ["active", "repeat"] %}
{%- set grains = ["month", "quarter", "year"] %}
with
    periods as (
        {%- for grain in grains %}
            select
                '{{ grain }}' as grain,
                {{ loop.index }} as place,
                cast(date_trunc('{{ grain }}', cohort_month) as date) as cohort_month,
                months_since,
                count(*) as months,
                sum(cohort_customer_count) as cohort_customer_count,
                sum(active_customer_count) as active_customer_count,
                sum(repeat_customer_count) as repeat_customer_count,
                sum(order_count) as order_count,
                {{ known_sum("net_amount") }} as net_amount,
                max(currency) as currency,
                bool_and(is_final) as is_final
            from {{ ref("cohort_retention") }}
            group by 3, 4 {{- " union all " if not loop.last }}
        {%- endfor %}
    ),
    -- of a period whose last month has not come so far, a later month would be of other customers than the one before
    -- it
    whole as (select * from periods qualify months = max(months) over (partition by place, cohort_month)),
    marked as (
        select
            *
            {%- for part in parts %}
                ,
                not {{ is_few(part ~ "_customer_count") }}
                and not {{ is_few("cohort_customer_count - " ~ part ~ "_customer_count") }} as is_{{ part }}_told
            {%- endfor %}
        from whole
    ),
    -- cohorts that may be told are those of whom many came back, or nobody: no fair sample of all
    grains as (
        select
            place,
            bool_or(is_final and months_since > 0) as has_final
            {%- for part in parts %}
                ,
                {{ is_fair_sample("is_" ~ part ~ "_told", "is_final and months_since > 0", "cohort_customer_count") }}
                as is_{{ part }}_enough
            {%- endfor %}
        from marked
        group by place
    ),
    -- the finest that is enough for both, else for the repeat curve, else the coarsest, of those with figures
    chosen as (
        select *
        from grains
        order by
            has_final desc,
            is_repeat_enough and is_active_enough desc,
            is_repeat_enough desc,
            case when is_repeat_enough then place else - place end
        limit 1
    ),
    -- and so for each month since: a curve over cohorts of which some months are hidden would fall where it cannot
    shown as (
        select
            m.*
            {%- for part in parts %}
                ,
                c.is_{{ part }}_enough
                and m.is_{{ part }}_told
                and {{
                    is_fair_sample(
                        "m.is_" ~ part ~ "_told",
                        weight="m.cohort_customer_count",
                        over="over (partition by m.months_since, m.is_final)",
                    )
                }} as is_{{ part }}_shown
            {%- endfor %}
        from marked m
        join chosen c on c.place = m.place
    )
-- rounded: exact counts of one month and the next, subtracted, would tell of one person
select
    cohort_month,
    grain,
    months_since,
    {{ rounded("cohort_customer_count") }} as cohort_customer_count,
    {%- for part in parts %}
        case when is_{{ part }}_shown then {{ rounded(part ~ "_customer_count") }} end as {{ part }}_customer_count,
    {%- endfor %}
    {%- for part in parts %}
        case
            when is_{{ part }}_shown then {{ share_unless_few(part ~ "_customer_count", "cohort_customer_count") }}
        end as {{ part }}_share,
    {%- endfor %}
    cast(
        case when active_customer_count >= {{ var("min_people") }} or order_count = 0 then order_count end as bigint
    ) as order_count,
    -- a month without an order may have one customer's credit note
    cast(
        case when active_customer_count >= {{ var("min_people") }} or net_amount = 0 then net_amount end as decimal(
            18, 2
        )
    ) as net_amount,
    currency,
    is_final
from shown
