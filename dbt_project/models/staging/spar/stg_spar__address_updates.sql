select {{ address_columns() }}, {{ staging_end("spar", [required(register_effective_on(), "date")]) }}
from {{ source("spar", "addresses") }}
