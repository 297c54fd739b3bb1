select customer_id, source_system, source_key, valid_from
from {{ source("identity", "customer_source_records") }}
where valid_to is null
