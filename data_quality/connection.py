"""Great Expectations on DuckDB. Here: the one place that leans on a private name of great-expectations.

GX has no DuckDB data source. Through duckdb-engine it closes the connection between queries and loses results
(great_expectations#11579) unless the dialect is among those whose connection persists. `tests/unit/data_quality/test_quality.py`
fails when upstream changes that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.warehouse import opening_settings


class _DuckDbDialect(str):
    """GX compares the members of the tuple as strings and reads their `value`."""

    @property
    def value(self) -> str:
        return str(self)


def new_context() -> Any:
    """A Great Expectations context in memory that knows DuckDB and draws no progress bars."""
    import great_expectations as gx
    from great_expectations.execution_engine import sqlalchemy_execution_engine

    persistent = sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS
    if "duckdb" not in persistent:
        sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS = (*persistent, _DuckDbDialect("duckdb"))
    # GX sets this logger to INFO itself: it tells of each temporary folder
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


@contextmanager
def warehouse_datasource(context: Any, name: str, home: Home, engine: Engine, queries: dict[str, str]) -> Iterator[Any]:
    """A data source of `context` on the warehouse with an asset for each query, its connection closed on the way out.

    Every asset has one batch definition, "all". They are given at once: added one by one, each writes the whole
    configuration anew.
    """
    source = context.data_sources.add_sql(
        name,
        connection_string=f"duckdb:///{home.warehouse}",
        create_temp_table=False,
        kwargs={"connect_args": {"config": opening_settings(engine, home)}},
        assets=[
            {
                "name": asset,
                "type": "query",
                "query": query,
                "batch_definitions": [{"name": "all", "partitioner": None}],
            }
            for asset, query in queries.items()
        ],
    )
    try:
        yield source
    finally:
        if source._execution_engine is not None:
            source._execution_engine.close()
        source.get_engine().dispose()
