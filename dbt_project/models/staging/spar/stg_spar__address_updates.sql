select {{ address_columns() }}, {{ staging_end("spar", [required(as_date("effective_on"), "date")]) }}
from {{ source("spar", "addresses") }}
