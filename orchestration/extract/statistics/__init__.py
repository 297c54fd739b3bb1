"""Official statistics of places (JSON-stat2) → ops.place_statistics. Not here: what is told of a customer's place (dbt)."""
