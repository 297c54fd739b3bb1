select occurred_at, run_id, kind, from_customer_id, to_customer_id, record_count, reason, edge
from {{ source("identity", "customer_identity_events") }}
