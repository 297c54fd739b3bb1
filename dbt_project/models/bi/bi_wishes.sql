with
    sized as (
        select
            *,
            sum(bought_count) over (partition by question) / cast(
                nullif(sum(customer_count) filter (bought_count is not null) over (partition by question), 0) as double
            ) as bought_of_all
        from {{ ref("wishes") }}
    ),
    marked as (
        select
            *,
            bought_count is not null and {{ is_large_enough("customer_count", "bought_of_all") }} as is_large,
            {{ part_unless_few("bought_count", "customer_count") }} as told_count
        from sized
    )
select
    question,
    answer,
    is_category,
    people_count,
    {{ part_unless_few("customer_count", "people_count") }} as customer_count,
    -- of rare answers those may be told of which many have bought it, or nobody: no fair sample
    case
        when
            is_large and {{ is_fair_sample("told_count is not null", "is_large", over="over (partition by question)") }}
        then told_count
    end as bought_count
from marked
-- what few people want is not told of
where not {{ is_few("people_count") }}
