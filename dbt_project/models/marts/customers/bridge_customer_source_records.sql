select customer_id, source_system, source_key, valid_from, valid_to
from {{ source("identity", "customer_source_records") }}
