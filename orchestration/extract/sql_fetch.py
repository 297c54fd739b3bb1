"""Rows of a query as Arrow: Python's own sqlite3, which another thread may interrupt, ADBC for PostgreSQL (which COPYs),
connectorx for MySQL and MariaDB, else SQLAlchemy's own cursor. A stream that breaks off is an error of its connection.

Not here: which query (sql_statements.py), or what its rows become (sql.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from orchestration.extract.budget import Budget
from orchestration.extract.sql_statements import limited, limits, lock_seconds

_FETCH_ROWS = 50_000


class BrokenStreamError(RuntimeError):
    """A database that began to answer, and did not come to an end."""


@contextmanager
def arrow_of(
    url: sa.URL, engine: sa.Engine, sql: str, budget: Budget, running: list[Callable[[], object]]
) -> Iterator[pa.RecordBatchReader]:
    """The rows as they come. Raises BrokenStreamError where they break off, whatever DuckDB calls it that reads them."""
    broken: list[Exception] = []

    def batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except Exception as error:
            broken.append(error)
            raise

    try:
        with _rows_of(url, engine, sql, budget, running) as reader:
            yield pa.RecordBatchReader.from_batches(reader.schema, batches(reader))
    except (duckdb.Error, pa.ArrowException):
        if broken:
            raise BrokenStreamError(type(broken[0]).__name__) from None
        raise


@contextmanager
def _rows_of(
    url: sa.URL, engine: sa.Engine, sql: str, budget: Budget, running: list[Callable[[], object]]
) -> Iterator[pa.RecordBatchReader]:
    backend = url.get_backend_name()
    if backend == "sqlite":
        with (
            closing(_sqlite(str(url.database), budget)) as sqlite,
            _stoppable(running, sqlite.interrupt),
            closing(sqlite.execute(sql)) as rows,
        ):
            yield _from_sqlite(rows)
    elif backend == "postgresql":
        import adbc_driver_postgresql.dbapi as postgres_adbc

        plain = limits(url, budget)[0].set(drivername="postgresql").render_as_string(hide_password=False)
        # libpq takes no + for a space
        address, _, query = plain.partition("?")
        plain = f"{address}?{query.replace('+', '%20')}"
        with (
            postgres_adbc.connect(plain) as connection,
            connection.cursor() as cursor,
            _stoppable(running, cursor.adbc_cancel),
        ):
            cursor.execute(sql)
            yield cursor.fetch_record_batch()
    elif backend in ("mysql", "mariadb"):
        import connectorx

        plain = url.set(drivername="mysql", query={}).render_as_string(hide_password=False)
        yield connectorx.read_sql(
            plain, limited(engine, sql, budget), return_type="arrow_stream", batch_size=_FETCH_ROWS
        )
    else:
        with engine.connect() as plain_connection:
            result = plain_connection.execution_options(stream_results=True).execute(sa.text(sql))
            yield _from_cursor(result)


@contextmanager
def _stoppable(running: list[Callable[[], object]], stop: Callable[[], object]) -> Iterator[None]:
    running.append(stop)
    try:
        yield
    finally:
        running.remove(stop)


def _sqlite(path: str, budget: Budget) -> sqlite3.Connection:
    """Read-only. A lock is waited for as long as the source may take; DuckDB reads in a thread of its own."""
    address = f"{Path(path).absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=lock_seconds(budget), check_same_thread=False)
    connection.text_factory = bytes  # what is no UTF-8 is told with its column
    return connection


def _from_sqlite(rows: sqlite3.Cursor) -> pa.RecordBatchReader:
    """Every column is asked for as text."""
    schema = pa.schema([(column[0], pa.string()) for column in rows.description])

    def batches() -> Iterator[pa.RecordBatch]:
        while found := rows.fetchmany(_FETCH_ROWS):
            columns = [pa.array(values, pa.binary()).view(pa.string()) for values in zip(*found, strict=True)]
            yield pa.record_batch(columns, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _from_cursor(result: sa.CursorResult[Any]) -> pa.RecordBatchReader:
    schema = pa.schema([(key, pa.string()) for key in result.keys()])  # noqa: SIM118 a result is no dict

    def batches() -> Iterator[pa.RecordBatch]:
        while rows := result.fetchmany(_FETCH_ROWS):
            columns = zip(*rows, strict=True)
            yield pa.record_batch(
                [pa.array([None if v is None else str(v) for v in c], pa.string()) for c in columns], schema
            )

    return pa.RecordBatchReader.from_batches(schema, batches())
