select household_id, customer_id, valid_from from {{ source("identity", "household_members") }} where valid_to is null
