select old_customer_id, customer_id, since from {{ source("identity", "customer_id_redirects") }}
