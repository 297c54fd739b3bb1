"""Source systems → raw. Three connectors (files, sql, rest), one way into raw (landing.py), one module a system.

Not here: mapping or cleaning (dbt's staging does), and Dagster (defs/extract.py).
"""
