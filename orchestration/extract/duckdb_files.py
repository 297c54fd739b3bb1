"""DuckDB files as a source of the `sql` connector: attached read-only, so that rows stay columnar. Not here: other databases (sql.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import clear_up, quote, text
from orchestration.extract.cursors import Since
from orchestration.extract.landing import Batch
from orchestration.extract.raw_tables import check_contract
from orchestration.extract.rejecting import cast_keys


@contextmanager
def read_duckdb_table(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, path: str, start: Since
) -> Iterator[Batch]:
    """The rows of one table of a DuckDB file. Raises SourceError when the file or the table is not there, or is being written."""
    there = table.table or name
    if not Path(path).is_file():
        raise SourceError(
            f"source {source_name}: the database file is missing", where=path, to_do="check url", is_whole_source=True
        )
    try:
        con.execute(f"attach {text(path)} as attached_source (read_only)")
    except duckdb.Error as error:
        raise SourceError(
            f"source {source_name}: the DuckDB file cannot be opened ({type(error).__name__})",
            where=path,
            to_do="close it where it is open for writing; is it of a newer DuckDB?",
            is_passing=True,
            is_whole_source=True,
        ) from None
    try:
        full = ".".join(["attached_source", *(quote(part) for part in there.split("."))])
        try:
            found = {row[0]: row[1] for row in con.execute(f"describe {full}").fetchall()}
        except duckdb.CatalogException:
            raise SourceError(
                f"source {source_name}: there is no table {there}", where=path, to_do="check the table's name"
            ) from None
        added = check_contract(source_name, name, table, list(found), f"{path}, table {there}")
        where = ""
        if table.cursor and start.clock and found[table.cursor] in ("DATE", "TIMESTAMP"):
            cursor = quote(table.cursor)
            where = f" where {cursor} >= timestamp '{start.clock}' or {cursor} is null"
        elif table.cursor and isinstance(start.value, datetime):
            cursor = quote(table.cursor)
            where = f" where try_cast({cursor} as timestamptz) >= timestamptz '{start.value}+00' or try_cast({cursor} as timestamptz) is null"
        elif table.cursor and start.value is not None:
            cursor = quote(table.cursor)
            where = f" where try_cast({cursor} as double) >= {start.value} or try_cast({cursor} as double) is null"
        keys = None
        if table.find_deletions and table.key:
            keys = f"select {cast_keys(table.key, table.columns)} from {full}"
        yield Batch(
            f"select {', '.join(quote(c) for c in table.columns)} from {full}{where}", table.columns, is_text=True,
            keys_there=keys, added=added, nulls=source.null_values, null_keys=source.null_keys, way=start.way,
            is_whole=start.is_whole, is_columnar=True,
        )  # fmt: skip
    finally:
        clear_up(con, "detach attached_source")
