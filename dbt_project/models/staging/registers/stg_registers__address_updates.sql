select {{ address_columns() }}, {{ staging_end("registers", [required(as_date("effective_on"), "date")]) }}
from {{ source("registers", "addresses") }}
