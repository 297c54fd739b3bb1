"""Great Expectations: what each table promises, run by SQL inside DuckDB, results as counts and never values.

Not here: dbt's own tests (dbt_project/), or Dagster's view of the results (orchestration/defs/quality.py).
"""
