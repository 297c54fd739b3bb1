"""DuckDB files as a source of the `sql` connector: attached read-only, so that rows stay columnar. Not here: other databases (sql.py).

A file on a disk of another machine is read by a DuckDB of its own, into a file in the run's own folder: where the disk stalls, the
connection to the warehouse does not wait for it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import clear_up, quote, scalar, text
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.cursors import Since
from orchestration.extract.json_columns import (
    LIES_WITHIN,
    batch_of_rows,
    check_holders,
    cursor_there,
    holders_of,
    reads_within,
)
from orchestration.extract.mounts import is_served
from orchestration.extract.raw_tables import check_contract
from orchestration.extract.rejecting import cast_keys

# what a DuckDB of its own takes over from the one of the warehouse
_SETTINGS = ("memory_limit", "threads", "temp_directory", "autoinstall_known_extensions", "autoload_known_extensions")


@contextmanager
def read_duckdb_table(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    path: str,
    start: Since,
    budget: Budget,
) -> Iterator[Batch]:
    """The rows of one table of a DuckDB file. Raises SourceError when the file or the table is not there, when it is being
    written, or when its disk does not answer within the source's time."""
    there = table.table or name
    if not budget.within(name, lambda: Path(path).is_file()):
        raise SourceError(
            f"source {source_name}: the database file is missing", where=path, to_do="check url", is_whole_source=True
        )
    is_far = budget.within(name, lambda: is_served(path))
    with closing(_Far(con, source, name, budget) if is_far else _Near(con)) as file:
        try:
            file.ask(f"attach {text(path)} as attached_source (read_only)")
        except duckdb.Error as error:
            raise SourceError(
                f"source {source_name}: the DuckDB file cannot be opened ({type(error).__name__})",
                where=path,
                to_do="close it where it is open for writing; is it of a newer DuckDB?",
                is_passing=True,
                is_whole_source=True,
            ) from None
        full = ".".join(["attached_source", *(quote(part) for part in there.split("."))])
        try:
            found = {row[0]: row[1] for row in file.ask(f"describe {full}")}
        except duckdb.CatalogException:
            raise SourceError(
                f"source {source_name}: there is no table {there}", where=path, to_do="check the table's name"
            ) from None
        told, is_flat = f"{path}, table {there}", reads_within(table, found)
        added = (check_holders if is_flat else check_contract)(source_name, name, table, list(found), told)
        columns = ", ".join(quote(c) for c in (holders_of(table, found) if is_flat else table.columns))
        most = f" limit {source.most_rows}" if source.most_rows else ""
        since = _changed(cursor_there(table, found), found, start)
        rows = file.rows("rows_there", f"select {columns} from {full}{since}{most}")
        keys = None
        if table.find_deletions and table.key:
            key = ", ".join(quote(c) for c in table.key)
            keys_there = file.rows("keys_there", f"select {key} from {full}")
            keys = f"select {cast_keys(table.key, table.columns)} from {keys_there}"
        if is_flat:
            batch = batch_of_rows(con, source_name, source, name, table, rows, told)
            is_whole = start.is_whole or not since
            way = start.way if since or start.is_whole else LIES_WITHIN
            with closing(batch):
                yield replace(batch, keys_there=keys, added=[*added, *batch.added], way=way, is_whole=is_whole)
            return
        yield Batch(
            f"from {rows}", table.columns, is_text=True,
            keys_there=keys, added=added, nulls=source.null_values, null_keys=source.null_keys, way=start.way,
            is_whole=start.is_whole, is_columnar=True,
        )  # fmt: skip


def _changed(column: str | None, found: dict[str, str], start: Since) -> str:
    """The condition of the rows that changed by a cursor; nothing where all are to be read."""
    if not column:
        return ""
    cursor = quote(column)
    if start.clock and found[column] in ("DATE", "TIMESTAMP"):
        return f" where {cursor} >= timestamp '{start.clock}' or {cursor} is null"
    if isinstance(start.value, datetime):
        return f" where try_cast({cursor} as timestamptz) >= timestamptz '{start.value}+00' or try_cast({cursor} as timestamptz) is null"
    if start.value is not None:
        return f" where try_cast({cursor} as double) >= {start.value} or try_cast({cursor} as double) is null"
    return ""


class _Near:
    """A file on a disk of this machine: attached to the warehouse."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def ask(self, sql: str) -> list[Any]:
        return self._con.execute(sql).fetchall()

    def rows(self, name: str, select: str) -> str:
        """What the rows of a query are called in the warehouse's connection."""
        return f"({select})"

    def close(self) -> None:
        clear_up(self._con, "detach attached_source")


class _Far:
    """The same of a disk that may stall. Whatever waits for it is left behind when the source's time is up."""

    def __init__(self, con: duckdb.DuckDBPyConnection, source: Source, table: str, budget: Budget) -> None:
        self._con, self._table, self._budget = con, table, budget
        self._brought: list[str] = []
        settings = {name: scalar(con, f"select current_setting('{name}')") for name in _SETTINGS}
        self._folder = Path(tempfile.mkdtemp(dir=settings["temp_directory"]))
        self._there = duckdb.connect(config=settings)
        # the clock of its load
        self._there.execute(f"set TimeZone = {text(source.timezone or 'UTC')}")

    def ask(self, sql: str) -> list[Any]:
        return self._budget.within(
            self._table, lambda: self._there.execute(sql).fetchall(), hang_up=self._there.interrupt
        )

    def rows(self, name: str, select: str) -> str:
        """The same, of the rows as they are now."""
        file = text(str(self._folder / f"{name}.duckdb"))
        self.ask(f"attach {file} as brought (storage_version 'latest')")
        self.ask(f"create table brought.{name} as {select}")
        self.ask("detach brought")
        self._con.execute(f"attach {file} as {name} (read_only)")
        self._brought.append(name)
        return f"{name}.{name}"

    def close(self) -> None:
        clear_up(self._con, *(f"detach {name}" for name in self._brought))
        with suppress(SourceError, duckdb.Error):
            # an instance that is still asked is closed by the thread that asks it
            self.ask("detach attached_source")
            self._there.close()
        shutil.rmtree(self._folder, ignore_errors=True)
