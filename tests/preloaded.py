"""What the fork server of the tests imports once (see `tests/warm.py`): libraries, and what of Kundbild's reads no environment
as it is imported. Not here: `orchestration.definitions` and `orchestration.cli.console`, which do."""

import dagster
import dagster._cli.api
import dagster._core.storage.event_log
import dagster_dbt
import dbt.adapters.duckdb
import dbt.cli.main
import dlt
import dlt.sources.rest_api
import duckdb
import great_expectations
import pandas
import splink
import sqlalchemy
import sqlglot.lineage
import typer

import data_quality.runner
import data_quality.suites
import orchestration.defs.extract
import orchestration.defs.history
import orchestration.defs.identity
import orchestration.defs.jobs
import orchestration.defs.privacy
import orchestration.defs.publishing
import orchestration.defs.quality
import orchestration.defs.transform
import orchestration.run.launch

__all__ = [
    "dagster",
    "dagster_dbt",
    "data_quality",
    "dbt",
    "dlt",
    "duckdb",
    "great_expectations",
    "orchestration",
    "pandas",
    "splink",
    "sqlalchemy",
    "sqlglot",
    "typer",
]
