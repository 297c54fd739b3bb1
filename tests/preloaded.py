"""What the fork server of the tests imports once: libraries alone, nothing of Kundbild's (see `tests/warm.py`)."""

import dagster
import dagster._cli.api
import dagster_dbt
import dbt.adapters.duckdb
import dbt.cli.main
import duckdb
import great_expectations
import pandas
import sqlalchemy
import sqlglot.lineage
import typer

__all__ = [
    "dagster",
    "dagster_dbt",
    "dbt",
    "duckdb",
    "great_expectations",
    "pandas",
    "sqlalchemy",
    "sqlglot",
    "typer",
]
