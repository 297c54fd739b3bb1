-- one that is left where the others are restricted is no household
select household_id, customer_id, valid_from
from
    (
        select m.household_id, m.customer_id, m.valid_from, count(*) over (partition by m.household_id) as customers
        from {{ source("identity", "household_members") }} m
        where m.valid_to is null and {{ is_free("m.customer_id") }}
    )
where customers > 1
