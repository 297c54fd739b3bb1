with
    members as (
        select b.household_id, c.*
        from {{ ref("bridge_household_customers") }} b
        join {{ ref("dim_customers") }} c using (customer_id)
    )
select
    household_id,
    count(*) as customer_count,
    count(*) filter (where is_minor_or_unknown_age and birth_date is not null) as minor_count,
    bool_or(is_protected) as has_protected,
    min(first_seen_at) as first_seen_at
from members
group by household_id
