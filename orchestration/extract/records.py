"""What extraction remembers: the `ops` tables of loads, loaded files and rejected rows. Here: their shape and writing.

Not here: the raw tables themselves (landing.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import duckdb

from orchestration.core.clock import now
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar

# metadata of a materialization that only says that a step went on with what stood before: its source could not be read
STALE = "stale"
# how a load was read that adds what an older version of a whole table has beyond the newest
OLDER = "an older version of the whole table: only added"
_DDL = sql_script(__file__, "records")


@dataclass
class LoadCounts:
    """Rows of one load. The books: source_rows = inserted + updated + unchanged + duplicates + rejected."""

    source_rows: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    rejected: int = 0
    deleted: int = 0
    kept: int = 0  # rows that are not in a file of the whole table, and stay, for lines of it were rejected
    added_columns: list[str] = field(default_factory=list)  # undeclared ones of the source: not loaded
    dropped_columns: list[str] = field(default_factory=list)  # of national identity numbers and special categories
    invalid_national_ids: int = 0
    removed: Counter[tuple[str, str]] = field(default_factory=Counter)  # values by (column, special category)
    suppressed: int = 0  # rows of people who were erased: not among source_rows
    notes: list[str] = field(default_factory=list)  # what else people should know of what was read
    way: str = ""  # how it was read: whole, or what changed since when
    seconds: float = 0  # from the first query to the commit
    requests: int = 0  # sent to an API, retries included

    @property
    def changed(self) -> int:
        return self.inserted + self.updated + self.deleted


def prepare_ops(con: duckdb.DuckDBPyConnection) -> None:
    """Creates the operational tables where they are missing."""
    con.execute(_DDL)


def next_load_id(con: duckdb.DuckDBPyConnection) -> int:
    return int(scalar(con, "select nextval('ops.load_ids')"))


def last_whole_rows(con: duckdb.DuckDBPyConnection, source: str, table: str, *, is_newest: bool = False) -> int | None:
    """Rows of the last load for which all of a table was read, None where none is known; `is_newest`: of the newest load alone."""
    found = con.execute(
        "select source_rows, coalesce(way, '') like 'whole%' from ops.loads where source = ? and table_name = ? "
        "order by load_id desc",
        [source, table],
    ).fetchall()
    return next((rows for rows, is_whole in found[: 1 if is_newest else None] if is_whole), None)


def write_load(con: duckdb.DuckDBPyConnection, load_id: int, source: str, table: str, counts: LoadCounts) -> None:
    """Notes one load; call it in the load's own transaction."""
    con.execute(
        "insert into ops.loads (load_id, source, table_name, loaded_at, source_rows, inserted, updated, unchanged, duplicates, "
        "rejected, deleted, added_columns, way) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load_id, source, table, now(), counts.source_rows, counts.inserted, counts.updated, counts.unchanged,
            counts.duplicates, counts.rejected, counts.deleted, counts.added_columns, counts.way or None,
        ],
    )  # fmt: skip
    for (column, category), removed in sorted(counts.removed.items()):
        con.execute(
            "insert into ops.removed_values values (?, ?, ?, ?, ?, ?)",
            [load_id, source, table, column, category, removed],
        )


def set_source_status(con: duckdb.DuckDBPyConnection, source: str, is_ok: bool, message: str = "") -> None:
    """Notes how a source was read just now; `since` stays the moment from which on it has been so."""
    before = con.execute("select is_ok, coalesce(since, checked_at) from ops.source_status where source = ?", [source])
    at, stood = now(), before.fetchall()
    since = stood[0][1] if stood and stood[0][0] == is_ok else at
    con.execute(
        "update ops.source_status set checked_at = $at, is_ok = $is_ok, message = $message, since = $since where source = $source"
        if stood
        else "insert into ops.source_status (source, checked_at, is_ok, message, since) values ($source, $at, $is_ok, $message, $since)",
        {"source": source, "at": at, "is_ok": is_ok, "message": message, "since": since},
    )
