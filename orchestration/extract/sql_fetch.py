"""A database as it is read: SQLite by Python's own driver, in threads that are left behind where its disk stalls; a server in a
process of its own.

Rows come as Arrow. Not here: what is asked for (sql.py), or how a server answers (server_reader.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from orchestration.core.errors import SourceError
from orchestration.extract.budget import Budget
from orchestration.extract.database_errors import DatabaseError, broken_off
from orchestration.extract.server_processes import ServerProcesses
from orchestration.extract.sql_statements import Query, columns_of, limits, lock_seconds, select_rows

_FETCH_ROWS = 50_000


class Database:
    """One database within the time of its source, for one table. `stop` ends what DuckDB does meanwhile."""

    def __init__(
        self, url: sa.URL, table: str, budget: Budget, servers: ServerProcesses, stop: Callable[[], object]
    ) -> None:
        self._url, self._table, self._budget, self._servers = url, table, budget, servers
        self._running: list[Callable[[], object]] = [stop]
        self.is_text = url.get_backend_name() == "sqlite"
        self._engine: sa.Engine | None = None
        if self.is_text:
            limited_url, arguments = limits(url, budget.left)
            self._engine = sa.create_engine(limited_url, connect_args=arguments)

    def interrupt(self) -> None:
        """Ends whatever is running, from another thread."""
        for stop in reversed(self._running):
            # a driver that cannot stop, or ended meanwhile: the others are to stop all the same
            with suppress(Exception):
                stop()

    def close(self) -> None:
        if self._engine:
            self._let_go(self._engine.dispose)

    def columns(self, there: str) -> dict[str, Any]:
        """Name and type of each column of a table."""
        if engine := self._engine:
            return self._budget.within(self._table, lambda: columns_of(engine, there))
        return self._servers.columns(self._url, there, self._budget.left, self._running)

    @contextmanager
    def rows(self, query: Query) -> Iterator[pa.RecordBatchReader]:
        """The rows as they come. Raises DatabaseError where they break off, whatever DuckDB calls it that reads them."""
        broken: list[DatabaseError] = []

        def batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
            try:
                yield from reader
            except DatabaseError as error:
                broken.append(error)
                raise
            except Exception as error:
                broken.append(broken_off(type(error).__name__))
                raise

        try:
            with self._read(query) as reader:
                yield pa.RecordBatchReader.from_batches(reader.schema, batches(reader))
        except (duckdb.Error, pa.ArrowException):
            if broken:
                raise broken[0] from None
            raise

    @contextmanager
    def _read(self, query: Query) -> Iterator[pa.RecordBatchReader]:
        if not self._engine:
            with self._servers.rows(self._url, query, self._budget.left, self._running) as reader:
                yield reader
            return
        sql = select_rows(self._engine, query)
        path, budget = str(self._url.database), self._budget
        with ExitStack() as held:
            sqlite = budget.within(self._table, lambda: _sqlite(path, budget))
            held.callback(self._let_go, sqlite.close)
            held.enter_context(self._stoppable(sqlite.interrupt))
            rows = budget.within(self._table, lambda: sqlite.execute(sql))
            held.callback(self._let_go, rows.close)
            yield _from_sqlite(rows, lambda: budget.within(self._table, lambda: rows.fetchmany(_FETCH_ROWS)))

    def _let_go(self, close: Callable[[], object]) -> None:
        """What a thread still waits for is closed by another one that waits behind it."""
        with suppress(SourceError, sqlite3.Error):
            self._budget.within(self._table, close)

    @contextmanager
    def _stoppable(self, stop: Callable[[], object]) -> Iterator[None]:
        self._running.append(stop)
        try:
            yield
        finally:
            self._running.remove(stop)


def _sqlite(path: str, budget: Budget) -> sqlite3.Connection:
    """Read-only. A lock is waited for as long as the source may take; DuckDB reads in a thread of its own."""
    address = f"{Path(path).absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=lock_seconds(budget.left), check_same_thread=False)
    connection.text_factory = bytes  # what is not UTF-8 is told with its column
    return connection


def _from_sqlite(rows: sqlite3.Cursor, fetch: Callable[[], list[Any]]) -> pa.RecordBatchReader:
    """Every column is asked for as text."""
    schema = pa.schema([(column[0], pa.string()) for column in rows.description])

    def batches() -> Iterator[pa.RecordBatch]:
        while found := fetch():
            columns = [pa.array(values, pa.binary()).view(pa.string()) for values in zip(*found, strict=True)]
            yield pa.record_batch(columns, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())
