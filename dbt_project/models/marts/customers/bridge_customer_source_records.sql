-- a night that is run again at the same moment may move a record that it had moved: that lasted for no time
select customer_id, source_system, source_key, valid_from, valid_to
from {{ source("identity", "customer_source_records") }}
where valid_to is distinct from valid_from
