"""The `sql` connector: any SQLAlchemy URL, read as Arrow (sql_fetch.py). DuckDB files are attached (duckdb_files.py).

Here: which rows of a table are read. Not here: since when (cursors.py), or merging into raw (landing.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.core.disk import FULL
from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import clear_up, clock_of, quote, scalar
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.cursors import Since, since
from orchestration.extract.database_errors import PASSING, DatabaseError, told
from orchestration.extract.database_failures import failure_of
from orchestration.extract.database_urls import safe, url_of
from orchestration.extract.duckdb_files import read_duckdb_table
from orchestration.extract.json_columns import (
    LIES_WITHIN,
    batch_of_rows,
    check_holders,
    cursor_there,
    holders_of,
    reads_within,
    within_of,
)
from orchestration.extract.merging import same_key
from orchestration.extract.misread import Misread
from orchestration.extract.raw_tables import check_contract, raw_name, undeclared_before
from orchestration.extract.rejecting import cast_keys
from orchestration.extract.server_processes import ServerProcesses
from orchestration.extract.sql_fetch import Database
from orchestration.extract.sql_statements import SPELLED, Query, among, changed
from orchestration.privacy.intake.entry_columns import unread_columns

# keys that raw lacks are asked for one by one up to so many; beyond, the whole table is read
_ASKED_KEYS, _KEYS_A_QUERY = 10_000, 1_000
_WIDER = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_UNSORTED = "whole: the cursor is text that does not sort as time"
# temporary tables
_MADE = ("changed", "keys_there", "keys_read", "json_rows")


@contextmanager
def read_table(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    max_reject_share: float,
    budget: Budget,
    servers: ServerProcesses,
) -> Iterator[Batch]:
    """The rows of one table, those that changed since the last load or all, as a batch that lives inside the block.

    Raises SourceError when the database cannot be reached, takes too long, or a declared column is gone.
    """
    url = url_of(source_name, source)
    start = since(con, source_name, source, name, table)
    if url.get_backend_name() == "duckdb":
        with read_duckdb_table(con, source_name, source, name, table, str(url.database), start, budget) as batch:
            yield batch
        return
    if url.get_backend_name() == "sqlite" and not budget.within(name, lambda: Path(url.database or "").is_file()):
        raise SourceError(
            f"source {source_name}: the database file is missing", where=str(url.database), to_do="check url",
            is_whole_source=True,
        )  # fmt: skip
    there = table.table or name
    try:
        with (
            closing(Database(url, name, budget, servers, con.interrupt)) as database,
            budget.interrupting(name, database.interrupt),
        ):
            found = database.columns(there)
            within = within_of(table, found) if reads_within(table, found) else ()
            misread = Misread(con, source_name, name, table, max_reject_share, within=within)
            reader = _Reader(con, database, there, table, found, misread, source.most_rows)
            where = f"{safe(url)}, table {there}"
            before = undeclared_before(con, source_name, name)
            if reads_within(table, found):
                added = check_holders(source_name, name, table, list(found), where, before)
                read = reader.flat_batch(source_name, source, name, start, added, where)
            else:
                added = check_contract(source_name, name, table, list(found), where, before=before)
                read = reader.batch(raw_name(source_name, name), source, start, added)
            with read as batch:
                yield batch
    except (DatabaseError, *PASSING, TypeError, ValueError, LookupError) as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        raise failure_of(source_name, name, there, url, told(error)) from None  # a driver's own words may quote rows
    finally:
        clear_up(con, *(f"drop table if exists {made}" for made in _MADE), "drop view if exists fetched")


class _Reader:
    """Reads one table of a database that is connected."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        database: Database,
        there: str,
        table: Table,
        found: dict[str, Any],
        misread: Misread,
        most_rows: int | None = None,
    ) -> None:
        self.most_rows = most_rows
        self.con, self.database, self.there = con, database, there
        self.table, self.found, self.misread = table, found, misread
        unread = unread_columns(table, found)
        self.columns = {c: t for c, t in table.columns.items() if c not in unread}
        self.names = ", ".join(quote(c) for c in self.columns)

    @contextmanager
    def batch(self, target: str, source: Source, start: Since, added: list[str]) -> Iterator[Batch]:
        table = self.table
        where = None
        if table.cursor and not start.is_whole:
            where = changed(table.cursor, self.found[table.cursor], start, is_loose=self.database.is_text)
        way = start.way if start.is_whole or where else _UNSORTED
        batch = Batch(
            f"select {self.names} from fetched", self.columns, after=self.misread.reject,
            check=self.misread.refuse_most, added=added, way=way, is_whole=where is None, nulls=source.null_values, null_keys=source.null_keys,
        )  # fmt: skip
        if where is not None and not self._bring_changed(target, where, batch, source):
            batch.way, batch.is_whole = "whole: many rows were not in raw", True
        if not batch.is_whole or batch.select == "from changed":
            yield batch
            return
        with self._fetched(None) as reader:
            self.con.register("fetched", reader)
            batch.is_text = not self._fits(reader)
            batch.keys_there = self._keys_there(source)
            yield batch

    @contextmanager
    def flat_batch(
        self, source_name: str, source: Source, name: str, start: Since, added: list[str], told: str
    ) -> Iterator[Batch]:
        """The rows of a table of which values lie within columns that hold JSON. Where deletions are looked for it is read whole."""
        table, cursor = self.table, cursor_there(self.table, self.found)
        where = None
        if cursor and not start.is_whole and not table.find_deletions:
            where = changed(cursor, self.found[cursor], start, is_loose=self.database.is_text)
        holders = holders_of(table, self.found)
        with self.database.rows(self._query(holders, where=where)) as rows:
            self.con.register("fetched", self.misread.readable(rows) if self.database.is_text else rows)
            batch = batch_of_rows(self.con, source_name, source, name, table, "fetched", told)
        reject = batch.after
        batch.after = lambda load_id: self.misread.reject(load_id) + reject(load_id)
        batch.check = self.misread.refuse_most
        batch.added = [*added, *batch.added]
        batch.keys_there = self._keys_there(source)
        batch.is_whole = where is None or self._is_empty_now(batch.keys_there, "json_rows")
        batch.way = start.way if start.is_whole or where else _UNSORTED if cursor else LIES_WITHIN
        yield batch

    def _bring_changed(self, target: str, where: Any, batch: Batch, source: Source) -> bool:
        """The rows that changed, and those that raw lacks, into `changed`; False: so many are lacking that all are to be read."""
        with self._fetched(where) as reader:
            self.con.register("fetched", reader)
            batch.is_text = not self._fits(reader)
            self.con.execute(f"create or replace temp table changed as select {self.names} from fetched")
        batch.keys_there = self._keys_there(source)
        if batch.keys_there and not self._add_lost_rows(target, source):
            return False
        batch.select = "from changed"
        batch.is_whole = self._is_empty_now(batch.keys_there, "changed")
        return True

    @contextmanager
    def _fetched(self, where: Any) -> Iterator[pa.RecordBatchReader]:
        with self.database.rows(self._query(list(self.columns), where=where)) as reader:
            yield self.misread.readable(reader) if self.database.is_text else reader

    def _query(self, columns: list[str], **more: Any) -> Query:
        return Query(
            self.there, columns, self.found, **{"is_text": self.database.is_text, "limit": self.most_rows, **more}
        )

    def _fits(self, reader: pa.RecordBatchReader) -> bool:
        """Whether no value can fail its cast; else each is cast on its own, and rejected alone."""
        # for a table DuckDB would import pandas
        self.con.register("shape", pa.RecordBatchReader.from_batches(reader.schema, []))
        there = {row[0]: row[1] for row in self.con.execute(f"describe select {self.names} from shape").fetchall()}
        self.con.unregister("shape")
        nulls = ", ".join(f"null::{t} as {quote(c)}" for c, t in self.columns.items())
        wanted = {row[0]: row[1] for row in self.con.execute(f"describe select {nulls}").fetchall()}
        return all(_fits(there[column], kind) for column, kind in wanted.items())

    def _keys_there(self, source: Source) -> str | None:
        """Every key of the source, read and cast as a load does it, and as the source spells it."""
        key = self.table.key
        if not self.table.find_deletions or not key:
            return None
        with self.database.rows(self._query(key, spelled=key)) as reader:
            self.con.register(
                "key_reader", self.misread.readable(reader, is_told=False) if self.database.is_text else reader
            )
            self.con.execute("create or replace temp table keys_read as from key_reader")
            self.con.unregister("key_reader")
        spelled = ", ".join(quote(SPELLED + c) for c in key)
        with clock_of(self.con, source.timezone or "UTC"):
            self.con.execute(
                f"create or replace temp table keys_there as select {cast_keys(key, self.table.columns)}, {spelled} from keys_read"
            )
        self.con.execute("drop table keys_read")
        return "from keys_there"

    def _add_lost_rows(self, target: str, source: Source) -> bool:
        """Adds to `changed` the rows whose keys raw lacks though their cursor is old; False: they are too many.

        They were committed late, or imported with an old time.
        """
        key = self.table.key
        spelled = ", ".join(quote(SPELLED + c) for c in key)
        changed_keys = f"(select {cast_keys(key, self.table.columns)} from changed)"
        lost = f"select {spelled} from keys_there t" + "".join(
            f" anti join {there} {alias} on {same_key('t', alias, key)}"
            for there, alias in ((target, "r"), (changed_keys, "c"))
        )
        with clock_of(self.con, source.timezone or "UTC"):
            values = self.con.execute(f"{lost} limit {_ASKED_KEYS + 1}").fetchall()
        if len(values) > _ASKED_KEYS:
            return False
        for at in range(0, len(values), _KEYS_A_QUERY):
            with self._fetched(among(key, values[at : at + _KEYS_A_QUERY])) as reader:
                self.con.register("lost_rows", reader)
                self.con.execute(f"insert into changed select {self.names} from lost_rows")
                self.con.unregister("lost_rows")
        return True

    def _is_empty_now(self, keys: str | None, read: str) -> bool:
        """Whether a table where nothing changed has no row at all any more. `read`: what was read of it."""
        if keys or scalar(self.con, f"select count(*) from {read}"):
            return False
        with self.database.rows(self._query(holders_of(self.table, self.found)[:1], is_text=True, limit=1)) as reader:
            return not reader.read_all().num_rows


def _fits(there: str, wanted: str) -> bool:
    if there in _WIDER and wanted in _WIDER:
        return _WIDER.index(there) <= _WIDER.index(wanted)
    return wanted in (there, "VARCHAR") or {there, wanted} == {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
