"""Since when a table is read: the cursor of what raw holds, some way back, or everything.

Rows are committed late, pages shift, clocks are wrong: so an incremental read begins `cursor_lag` before the newest row, a
cursor ahead of the clock does not count, and now and then everything is read. Not here: reading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from orchestration.core.clock import now
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import clock_of, quote, scalar, text
from orchestration.extract.raw_tables import raw_name
from orchestration.extract.read_again import asked_again

_HOURS, _NUMBERS = 24.0, 1000.0
# up to here a double holds every whole number
_WHOLE_UP_TO = 2**53
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
# numbers that may be times: since 1970 by any unit, from 1973 on, or digits of a date
_EPOCH_FROM, _FIRST_DAY, _NUMBERED = 10**8, datetime(1970, 1, 1), ("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S")
# what systems write for no time at all: year 1, or before
_NO_TIME = "timestamp '1000-01-01'"
# by so much a clock is set back when summer ends
_FOLD = timedelta(hours=1)
# the least number of ten digits; seconds since 1970 have as many until 2286
_TEN_DIGITS = 10**9
# minutes between a text's own clock and UTC; up to here no text shows its seconds or its offset
_WRITTEN_OFFSET = "ceil((epoch(try_cast(left({0}, 16) as timestamp)) - epoch(try_cast({0} as timestamptz))) / 60)::int"
# a text's own offset, and the least that any place's clock has
_OFFSET, _LEAST_OFFSET = r":\d\d([.,]\d+)?\s*[+-]\d\d(:?\d\d)?\s*$", timedelta(hours=-12)
# up to here a text's shape tells whether text sorts as time: the date, and what follows it
_SHAPES = {"9999-99-99": "%Y-%m-%d", "9999-99-99T": "%Y-%m-%dT%H:%M:%S", "9999-99-99 ": "%Y-%m-%d %H:%M:%S"}


@dataclass(frozen=True)
class Since:
    """`value` is None where everything is read, else a number or an instant in UTC; `clock` is that instant by the source's own
    clock. `way` says it to people; `text` is the value as the source writes it, where its text sorts as the value does."""

    way: str
    value: datetime | float | None = None
    text: str | None = None
    clock: datetime | None = None

    @property
    def is_whole(self) -> bool:
        return self.value is None

    @property
    def instant(self) -> datetime | None:
        """`value` with its zone, where it is a time."""
        return self.value.replace(tzinfo=UTC) if isinstance(self.value, datetime) else None


def since(con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table) -> Since:
    """Since when the rows of a table are to be read."""
    target = raw_name(source_name, name)
    if not table.cursor:
        return Since("whole")
    if not table.key:
        return Since("whole: without a key, changed rows are only found so")
    if table.is_read_whole:
        return Since("whole: statements are entered with old times" if table.read is None else "whole: as configured")
    if source.connector == "rest" and not source.paging_of(table).since:
        return Since("whole: the API cannot be asked for changes")
    if not con.execute(f"select 1 from {target} limit 1").fetchall():
        return Since("whole: for the first time")
    if _is_due(con, source_name, name, source.full_read_days):
        return Since(f"whole: as every {source.full_read_days:g} days")
    asked = asked_again(con, source_name, name)
    if asked and asked.since is None:
        return Since("whole: as was asked for")
    zone = source.timezone or "UTC"
    # raw holds a TIMESTAMP by the source's own clock
    with clock_of(con, zone):
        found = _changes(con, target, table, table.columns[table.cursor].upper(), ZoneInfo(zone))
    return _from(asked.since, found, table, ZoneInfo(zone)) if asked and asked.since else found


def _from(since: datetime, found: Since, table: Table, zone: ZoneInfo) -> Since:
    """From a moment on that was asked for, where that is earlier than a night would begin by itself."""
    if found.is_whole:
        return found
    if not isinstance(found.value, datetime):
        return Since("whole: as was asked for, and the cursor is not a time")
    if since >= found.value:
        return found
    clock = since.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    # texts with offsets sort a day apart at most
    written = f"{clock - timedelta(days=1):%Y-%m-%d}" if found.text else None
    return Since(f"changes: {table.cursor} from {clock:%Y-%m-%d %H:%M} on, as was asked for", since, written, clock)


def _changes(con: duckdb.DuckDBPyConnection, target: str, table: Table, kind: str, zone: ZoneInfo) -> Since:
    cursor = quote(str(table.cursor))
    if kind in ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"):
        newest = f"max({cursor}) filter ({cursor} between {_NO_TIME} and now()) at time zone 'UTC'"
        return _back(scalar(con, f"select {newest} from {target}"), table, zone)
    if kind.startswith(("DATE", "TIMESTAMP")):
        ahead = "now()::date" if kind == "DATE" else "now()::timestamp"
        newest_there = scalar(
            con, f"select max({cursor}) filter ({cursor} between {_NO_TIME} and {ahead})::timestamp from {target}"
        )
        return _back(_earliest(newest_there, zone), table, zone)
    if kind.startswith(("DECIMAL", *_NUMERIC)):
        return _back(_greatest_number(con, target, f"{cursor}::double"), table, zone)
    filled, times, numbers, newest, least_offset, is_moved, has_offset = con.execute(
        f"select count({cursor}), count(try_cast({cursor} as timestamptz)), count(try_cast({cursor} as double)), "
        f"max(try_cast({cursor} as timestamptz)) filter (try_cast({cursor} as timestamptz) between {_NO_TIME} and now()) at time zone 'UTC', "
        f"min({_WRITTEN_OFFSET.format(cursor)}), bool_or({_WRITTEN_OFFSET.format(cursor)} <> 0), "
        f"bool_or(regexp_matches({cursor}, {text(_OFFSET)})) from {target}"
    ).fetchall()[0]
    if filled and times == filled:
        shapes = con.execute(
            f"select distinct regexp_replace(left({cursor}, 11), '[0-9]', '9', 'g') from {target} where {cursor} is not null"
        ).fetchall()
        if newest is not None and newest.replace(tzinfo=UTC).astimezone(zone).fold:
            newest -= _FOLD
        found = _back(newest, table, zone)
        written = _SHAPES.get(shapes[0][0]) if len(shapes) == 1 else None
        if not written or not isinstance(found.value, datetime):
            return found
        # the least text that a later row can have: in winter an offset may be less than any so far
        behind = timedelta(minutes=least_offset or 0) - (_FOLD if is_moved else timedelta())
        # where each text has its own offset, the next may have any
        least = found.value + (_LEAST_OFFSET if has_offset else behind)
        return replace(found, text=least.strftime(written))
    if filled and numbers == filled:
        found = _back(_greatest_number(con, target, f"try_cast({cursor} as double)"), table, zone)
        return replace(found, text=_written_number(con, target, cursor, found.value))
    return Since("whole: the cursor is neither a time nor a number")


def _greatest_number(con: duckdb.DuckDBPyConnection, target: str, number: str) -> float | None:
    """The greatest number; where most are times, as seconds since 1970 or as 20261101, the greatest that is not ahead of now.

    0 may stand for no time at all.
    """
    at = now()
    seconds = at.replace(tzinfo=UTC).timestamp()
    scales = [(float(_EPOCH_FROM * unit), seconds * unit) for unit in (1, 10**3, 10**6, 10**9)]
    scales += [(float(f"{_FIRST_DAY:{shape}}"), float(f"{at:{shape}}")) for shape in _NUMBERED]
    parts = [f"count(*) filter (n between {low} and {high}), max(n) filter (n <= {high})" for low, high in scales]
    filled, greatest, *found = con.execute(
        f"select count(n) filter (n > 0), max(n), {', '.join(parts)} from (select {number} as n from {target})"
    ).fetchall()[0]
    for times, newest in zip(found[::2], found[1::2], strict=True):
        if times * 2 > filled:
            return float(newest)
    return None if greatest is None else float(greatest)


def _written_number(con: duckdb.DuckDBPyConnection, target: str, cursor: str, value: object) -> str | None:
    """A number as text, where all that are there are seconds since 1970 of ten digits before the point: other numbers may get a digit more,
    and text would sort them below."""
    if not isinstance(value, float) or not _TEN_DIGITS <= value <= now().replace(tzinfo=UTC).timestamp():
        return None
    written = f"{math.floor(value)}"
    shapes = f"select distinct regexp_replace({cursor}, '[.][0-9]+$', '') from {target} where {cursor} is not null"
    is_alike = f"select bool_and(regexp_full_match(n, '[0-9]{{{len(written)}}}')) from ({shapes}) as t(n)"
    return written if scalar(con, is_alike) else None


def _earliest(there: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The earliest instant, in UTC, at which a clock of the zone shows a time: in the night that ends summer it shows two."""
    if there is None:
        return None
    return min(there.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)).replace(tzinfo=None)


def _back(newest: datetime | float | None, table: Table, zone: ZoneInfo) -> Since:
    """So far back from the newest row, an instant in UTC or a number, as rows may come late."""
    if newest is None:
        return Since("whole: no row has a cursor")
    if isinstance(newest, int | float):
        value = newest - (_NUMBERS if table.cursor_lag is None else table.cursor_lag)
        if newest > _WHOLE_UP_TO:  # it may have been rounded up, and what lies between would never be asked for
            value = math.nextafter(value, -math.inf)
        return Since(f"changes: {table.cursor} from {value:g} on", value)
    at = newest - timedelta(hours=_HOURS if table.cursor_lag is None else table.cursor_lag)
    # where the clock is set back soon after, it shows earlier times for later rows
    offsets = [then.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta() for then in (at, at + _FOLD)]
    clock = at + min(offsets)
    return Since(f"changes: {table.cursor} from {clock:%Y-%m-%d %H:%M} on", at, clock=clock)


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
