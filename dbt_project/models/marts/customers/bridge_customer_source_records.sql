-- a night that is run again at the same moment may move a record that it had moved: that lasted for no time. Of who is
-- restricted neither what the customer had nor what its records were before
select b.customer_id, b.source_system, b.source_key, b.valid_from, b.valid_to
from {{ source("identity", "customer_source_records") }} b
where
    b.valid_to is distinct from b.valid_from
    and {{ is_free("b.customer_id") }}
    and {{ is_of_somebody_free("b.source_system", "b.source_key") }}
