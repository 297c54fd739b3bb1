select {{ address_columns() }}, {{ staging_end("registers", [required(register_effective_on(), "date")]) }}
from {{ source("registers", "addresses") }}
