"""What is to be read again though it was read: a source or a table from a moment on, or whole. Here: asking for it, and when it was done.

It stands until a load of the table succeeds. Rows are merged as ever: nothing is deleted, and nothing comes twice. Not here: since when a
night reads by itself (cursors.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orchestration.core.clock import now
from orchestration.core.settings import Source
from orchestration.extract.stores import date_of


@dataclass(frozen=True)
class Asked:
    """`since` is UTC; None: everything."""

    since: datetime | None

    @property
    def said(self) -> str:
        return "everything" if self.since is None else f"from {self.since:%Y-%m-%d %H:%M} UTC on"


def ask_again(
    con: duckdb.DuckDBPyConnection, name: str, source: Source, tables: Iterable[str], since: datetime | None
) -> dict[str, int]:
    """Asks for it; of files how many known ones are read again, by table. Of several requests that no load has met yet the widest stands."""
    found = {}
    for table in tables:
        before, widest = asked_again(con, name, table), since
        if before and since:
            widest = min(since, before.since) if before.since else None
        con.execute("insert or replace into ops.read_again values (?, ?, ?, ?)", [name, table, widest, now()])
        if source.connector == "files":
            found[table] = _forget(con, name, table, widest)
    return found


def asked_again(con: duckdb.DuckDBPyConnection, name: str, table: str) -> Asked | None:
    rows = con.execute("select since from ops.read_again where source = ? and table_name = ?", [name, table]).fetchall()
    return Asked(rows[0][0]) if rows else None


def is_read_again(con: duckdb.DuckDBPyConnection, name: str, table: str) -> None:
    """After a load of the table."""
    of_it = "source = ? and table_name = ?"
    if not con.execute(f"select 1 from ops.read_again where {of_it}", [name, table]).fetchall():
        return
    con.execute(f"delete from ops.read_again where {of_it}", [name, table])
    con.execute(
        f"delete from ops.loaded_files where {of_it} and starts_with(sha256, 'again:') and file in "
        f"(select file from ops.loaded_files where {of_it} and not starts_with(sha256, 'again:'))",
        [name, table, name, table],
    )


def _forget(con: duckdb.DuckDBPyConnection, name: str, table: str, since: datetime | None) -> int:
    """Makes known files look changed. They stay known: which file is the newest, and that one was there, still holds."""
    files = con.execute(
        "select distinct file, modified_ns from ops.loaded_files where source = ? and table_name = ?", [name, table]
    ).fetchall()
    wanted = {file for file, written in files if since is None or _moment(file, written) >= since}
    for file in sorted(wanted):
        con.execute(
            "update ops.loaded_files set sha256 = 'again:' || sha256, size = -1, modified_ns = -1 "
            "where source = ? and table_name = ? and file = ? and not starts_with(sha256, 'again:')",
            [name, table, file],
        )
    return len(wanted)


def _moment(file: str, written: int) -> datetime:
    """When a file is of: by the date in its name, else by when it was written."""
    if day := date_of(file):
        return datetime(day.year, day.month, day.day)
    return datetime.fromtimestamp(written / 1e9, UTC).replace(tzinfo=None) if written > 0 else datetime.max
