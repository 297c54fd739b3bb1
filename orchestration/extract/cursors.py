"""Since when a table is read: the cursor of what raw holds, some way back, or everything.

Rows are committed late, pages shift, clocks are wrong: so an incremental read begins `cursor_lag` before the newest row, a
cursor ahead of the clock does not count, and now and then everything is read. Not here: reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from orchestration.extract.merging import moment
from orchestration.extract.raw_tables import raw_name
from orchestration.extract.records import now
from orchestration.settings import Source, Table
from orchestration.warehouse import quote, scalar

_HOURS, _NUMBERS = 24.0, 1000.0
_NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "DOUBLE",
    "FLOAT",
)
# up to here a text's shape tells whether text sorts as time: the date, and what follows it
_SHAPES = {"9999-99-99": "%Y-%m-%d", "9999-99-99T": "%Y-%m-%dT%H:%M:%S", "9999-99-99 ": "%Y-%m-%d %H:%M:%S"}


@dataclass(frozen=True)
class Since:
    """`value` is None where everything is read; `way` says it to people; `text` is the value as the source writes it, where
    its text sorts as the value does."""

    way: str
    value: datetime | float | None = None
    text: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.value is None


def since(con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table) -> Since:
    """Since when the rows of a table are to be read."""
    target = raw_name(source_name, name)
    if not table.cursor:
        return Since("whole")
    if not table.key:
        return Since("whole: without a key, changed rows are only found so")
    if table.is_read_whole:
        return Since("whole: statements are entered with old times" if table.read is None else "whole: as configured")
    if not con.execute(f"select 1 from {target} limit 1").fetchall():
        return Since("whole: for the first time")
    if _is_due(con, source_name, name, source.full_read_days):
        return Since(f"whole: as every {source.full_read_days:g} days")
    kind = table.columns[table.cursor].upper()
    cursor = quote(table.cursor)
    if kind.startswith(("DATE", "TIMESTAMP")):
        newest = scalar(
            con, f"select max({cursor}) filter ({cursor} <= now())::timestamptz at time zone 'UTC' from {target}"
        )
        return _back(newest, table)
    if kind.startswith(("DECIMAL", *_NUMERIC)):
        return _back(scalar(con, f"select max({cursor})::double from {target}"), table)
    filled, times, numbers, newest, most = con.execute(
        f"select count({cursor}), count(try_cast({cursor} as timestamptz)), count(try_cast({cursor} as double)), "
        f"max(try_cast({cursor} as timestamptz)) filter (try_cast({cursor} as timestamptz) <= now()) at time zone 'UTC', "
        f"max({moment(cursor, kind)}) from {target}"
    ).fetchall()[0]
    if filled and times == filled:
        shapes = con.execute(
            f"select distinct regexp_replace(left({cursor}, 11), '[0-9]', '9', 'g') from {target} where {cursor} is not null"
        ).fetchall()
        found = _back(newest, table)
        written = _SHAPES.get(shapes[0][0]) if len(shapes) == 1 else None
        return Since(
            found.way,
            found.value,
            found.value.strftime(written) if written and isinstance(found.value, datetime) else None,
        )
    if filled and numbers == filled:
        return _back(most, table)
    return Since("whole: the cursor is neither a time nor a number")


def _back(newest: datetime | date | float | None, table: Table) -> Since:
    """So far back from the newest row as rows may come late."""
    if newest is None:
        return Since("whole: no row has a cursor")
    if isinstance(newest, int | float):
        value = newest - (_NUMBERS if table.cursor_lag is None else table.cursor_lag)
        return Since(f"changes: {table.cursor} from {value:g} on", value)
    at = newest if isinstance(newest, datetime) else datetime(newest.year, newest.month, newest.day)
    at = at.replace(tzinfo=None) - timedelta(hours=_HOURS if table.cursor_lag is None else table.cursor_lag)
    return Since(f"changes: {table.cursor} from {at:%Y-%m-%d %H:%M} on", at)


def _is_due(con: duckdb.DuckDBPyConnection, source: str, name: str, days: float) -> bool:
    """Whether everything was last read so long ago; of a home of an earlier version, since its first load."""
    if not days:
        return False
    last = scalar(
        con,
        "select coalesce(max(loaded_at) filter (way like 'whole%'), min(loaded_at)) from ops.loads where source = ? and table_name = ?",
        [source, name],
    )
    return last is not None and now() - last > timedelta(days=days)
