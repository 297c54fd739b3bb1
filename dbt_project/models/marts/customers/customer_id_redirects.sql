select d.old_customer_id, d.customer_id, d.since
from {{ source("identity", "customer_id_redirects") }} d
where {{ is_free("d.customer_id") }}
