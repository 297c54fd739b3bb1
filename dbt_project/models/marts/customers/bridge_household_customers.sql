select m.household_id, m.customer_id, m.valid_from
from {{ source("identity", "household_members") }} m
where m.valid_to is null and {{ is_free("m.customer_id") }}
