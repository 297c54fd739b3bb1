select e.occurred_at, e.run_id, e.kind, e.from_customer_id, e.to_customer_id, e.record_count, e.reason, e.edge
from {{ source("identity", "customer_identity_events") }} e
where {{ is_free("e.from_customer_id") }} and {{ is_free("e.to_customer_id") }}
