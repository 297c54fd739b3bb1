"""Loads for tests that write what they loaded by hand. Not here: loading (unit/conftest.py: load_files)."""

from __future__ import annotations

import duckdb

_COUNTS = ("source_rows", "inserted", "updated", "unchanged", "duplicates", "rejected", "deleted")


def note_load(
    con: duckdb.DuckDBPyConnection,
    load: int = 1,
    source: str = "forms",
    table: str = "p",
    at: str = "2026-04-01",
    way: str | None = None,
    **counts: int,
) -> None:
    """Adds a row to `ops.loads`; a count that is not given is 0."""
    con.execute(
        f"insert into ops.loads (load_id, source, table_name, loaded_at, way, {', '.join(_COUNTS)}) "
        f"values (?, ?, ?, ?::timestamp, ?, {', '.join(str(counts.get(name, 0)) for name in _COUNTS)})",
        [load, source, table, at, way],
    )
