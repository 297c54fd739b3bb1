"""What a source's state is: what was read when and how, where the next night begins, and what is to be read again.

Not here: reading (extract/), whether the source answers (reach.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.core.errors import KundbildError, did_you_mean
from orchestration.core.home import Home
from orchestration.core.settings import Settings, Source
from orchestration.core.warehouse import has_table, scalar
from orchestration.extract.cursors import since
from orchestration.extract.kept_tokens import KeptToken
from orchestration.extract.raw_tables import raw_name
from orchestration.extract.read_again import ask_again, asked_again
from orchestration.extract.records import prepare_ops


@dataclass(frozen=True)
class TableState:
    """`next` is how the next night reads it; `again` since when it is to be read again, or everything, where that was asked for."""

    table: str
    rows: int
    loads: int
    last_load: datetime | None
    last_way: str
    files: int
    cursor: str
    next: str
    again: str


def source_state(con: duckdb.DuckDBPyConnection, settings: Settings, name: str) -> list[TableState]:
    """Raises KundbildError where there is no such source."""
    source = source_of(settings, name)
    prepare_ops(con)
    return [_table(con, name, source, table) for table in source.tables]


def keeps_token(home: Home, settings: Settings, name: str) -> bool:
    """Whether the home keeps a newer refresh token of the source than its configuration has. Raises KundbildError where there is no such
    source."""
    source_of(settings, name)
    return KeptToken(home, name).is_there


def forget_token(home: Home, settings: Settings, name: str) -> bool:
    """Forgets it, so that the next night asks with what the configuration has. Whether there was one."""
    source_of(settings, name)
    return KeptToken(home, name).forget()


def read_again(
    con: duckdb.DuckDBPyConnection, settings: Settings, name: str, tables: Sequence[str], moment: datetime | None
) -> dict[str, int]:
    """Asks that tables, or all of the source, are read again by the next night; of files how many, by table. Raises KundbildError where
    there is no such source or table, or no night reads it."""
    source = source_of(settings, name)
    if not source.enabled:
        raise KundbildError(
            f"source {name} is switched off, so no night reads it",
            to_do=f"take enabled = false out of [sources.{name}], and ask again",
        )
    for table in tables:
        if table not in source.tables:
            raise KundbildError(
                f"source {name} has no table {table}",
                to_do=f"{did_you_mean(table, source.tables)} tables: {', '.join(sorted(source.tables))}".strip(),
            )
    prepare_ops(con)
    return ask_again(con, name, source, tables or list(source.tables), moment)


def requests_that_stand(con: duckdb.DuckDBPyConnection, name: str, tables: Sequence[str]) -> dict[str, str]:
    """What is to be read again of each table, in words: an earlier, wider request goes before a later one."""
    return {table: asked.said for table in tables if (asked := asked_again(con, name, table))}


def source_of(settings: Settings, name: str) -> Source:
    source = settings.sources.get(name)
    if source is None:
        raise KundbildError(
            f"there is no source {name}",
            to_do=f"{did_you_mean(name, settings.sources)} sources: {', '.join(sorted(settings.sources))}".strip(),
        )
    return source


def _table(con: duckdb.DuckDBPyConnection, name: str, source: Source, table: str) -> TableState:
    shape, is_there = source.tables[table], has_table(con, f"raw_{name}", table)
    rows = (
        int(scalar(con, f"select count(*) from {raw_name(name, table)} where _deleted_at is null")) if is_there else 0
    )
    loads, last, way = con.execute(
        "select count(*), max(loaded_at), arg_max(way, load_id) from ops.loads where source = ? and table_name = ?",
        [name, table],
    ).fetchall()[0]
    files = int(
        scalar(
            con, "select count(distinct file) from ops.loaded_files where source = ? and table_name = ?", [name, table]
        )
    )
    asked = asked_again(con, name, table)
    again = asked.said if asked else ""
    if source.connector == "files":
        following = "files that are new or changed"
    else:
        following = since(con, name, source, table, shape).way if is_there else "whole: for the first time"
    return TableState(table, rows, int(loads), last, str(way or ""), files, shape.cursor or "", following, again)
