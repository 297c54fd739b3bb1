"""What is looked at before a run begins: its moment, memory, files that no run can make anew. Changes nothing.

Not here: what a source or a table may be (each step), or what `doctor` examines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.core.clock import now
from orchestration.core.cut_databases import assert_whole
from orchestration.core.errors import ConfigurationError, KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, scalar
from orchestration.identity.model import nightly_model
from orchestration.privacy.audit.glance import has_entry
from orchestration.privacy.intake.suppression import (
    SuppressionError,
    assert_readable,
    copies,
    count_entries,
    files_of,
    holds_entries,
    marked,
)
from orchestration.privacy.intake.withdrawals import EARLIEST

# a moment that is said may be ahead by what two clocks differ
_AHEAD = timedelta(minutes=5)
# a last night that is ahead by more is not a night: its clock was wrong
_NO_NIGHT = timedelta(days=1)
# no statement counts as said before
_FIRST = datetime.fromisoformat(EARLIEST)
# measured: 300 MB are too little for 20,000 customers. More goes to disk, so above the most, nothing can be said
_LEAST_BYTES, _BYTES_PER_CUSTOMER, _MOST_BYTES = 100_000_000, 15_000, 400_000_000


def moment_of(said: str, where: str = "--as-of") -> datetime:
    """A moment as a person writes it, ISO 8601, as naive UTC; without an offset it is UTC. Raises ConfigurationError."""
    try:
        moment = datetime.fromisoformat(said.strip())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    # with its offset it may lie before the year 1, or after 9999
    except (ValueError, OverflowError):
        raise ConfigurationError(
            "the moment of the night cannot be read" if where == "--as-of" else "the moment cannot be read",
            where=where,
            to_do="write it as 2026-11-01, 2026-11-01T02:00:00 (UTC) or 2026-11-01T03:00:00+01:00",
        ) from None


def assert_can_start(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, moment: datetime | None) -> None:
    """Raises KundbildError where the warehouse is cut, the night would describe a moment before the last one, or memory is
    too small."""
    assert_whole(con, home.warehouse)
    assert_moment(con, moment)
    assert_memory(con, settings)


def assert_lasting_files(con: duckdb.DuckDBPyConnection | None, home: Home) -> None:
    """Raises KundbildError where the list of who was erased cannot be read or is gone, or the company's own identity model
    cannot be read. `con` is the warehouse where there is one."""
    assert_suppression(con, home)
    nightly_model(home)


def assert_suppression(con: duckdb.DuckDBPyConnection | None, home: Home) -> None:
    """Raises SuppressionError where a line of the list of who was erased is none, where its files together have fewer entries
    than the warehouse knows of, or none though somebody was erased: they would come back."""
    files = files_of(con, home) if con else (home.suppression,)
    assert_readable(files)
    if holds_entries(files):
        if con:
            _assert_not_shrunken(con, files)
        return
    if not _was_anybody_erased(con, home):
        return
    # a copy has the name of its warehouse, and nothing leads from another one to it
    others = [str(path) for path in copies() if path not in files]
    copied = (
        f"copy the list of this home's former warehouse to {home.suppression}: {' or '.join(others)}; else "
        if others
        else ""
    )
    raise SuppressionError(
        "the list of who was erased is gone: nothing is extracted or published, for they would come back",
        where=" and ".join(map(str, files)),
        to_do=f"restore the newest backup of it; {copied}where there is none, `kundbild requests` lists when somebody was "
        "erased: `kundbild erase` again whoever asked then, and the first begins a new list",
    )


def _assert_not_shrunken(con: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    known, (there, _) = marked(con), count_entries(files)
    if there < known:
        raise SuppressionError(
            f"{known - there:,} of {known:,} entries of the list of who was erased are lost: nothing is extracted or published, "
            "for whoever they are about would come back",
            where=" and ".join(map(str, files)),
            to_do="restore the newest backup of either file; where there is none, `kundbild requests` lists when somebody was "
            "erased: `kundbild erase` again whoever asked then, and `kundbild audit acknowledge` takes the list for whole",
        )


def _was_anybody_erased(con: duckdb.DuckDBPyConnection | None, home: Home) -> bool:
    """By the audit log, which outlasts a warehouse that is made anew, or by the warehouse's own requests."""
    if has_entry(home.audit_log, "erased"):
        return True
    if not con or not has_table(con, "restricted", "rights_requests"):
        return False
    return bool(scalar(con, "select count(*) from restricted.rights_requests where kind = 'erase' and state = 'done'"))


def moment_of_night(con: duckdb.DuckDBPyConnection | None) -> datetime:
    """The moment of a night for which none is said: now, or the last night's where that is still to come, for nights do not
    go back. An older version took such moments."""
    at, last = now().replace(microsecond=0), _last(con)
    return last if last and at < last <= at + _NO_NIGHT else at


def assert_moment(con: duckdb.DuckDBPyConnection | None, moment: datetime | None) -> None:
    """`moment` is naive UTC, None where none is said; `con` is the warehouse where there is one. Raises KundbildError where
    no night can describe it."""
    at = moment or moment_of_night(con)
    if moment and at > now() + _AHEAD:
        raise KundbildError(
            f"the night would describe {at:%Y-%m-%d %H:%M} UTC, which is still to come",
            where="--as-of",
            to_do="say a moment up to now; if this machine's clock is behind, fix it",
        )
    if at < _FIRST:
        raise KundbildError(
            f"the night would describe {at:%Y-%m-%d %H:%M} UTC, before any source has data",
            where="--as-of",
            to_do=f"say a moment since {_FIRST:%Y-%m-%d}",
        )
    last = _last(con)
    if last and at < last and last <= now() + _NO_NIGHT:
        raise KundbildError(
            f"the night would describe {at:%Y-%m-%d %H:%M} UTC, and the last one described {last:%Y-%m-%d %H:%M}",
            where="--as-of",
            to_do="say a later moment, or none; permissions and ids of a night cannot go back in time. "
            "`kundbild publish --rollback` shows readers an earlier publication",
        )


def _last(con: duckdb.DuckDBPyConnection | None) -> datetime | None:
    """The moment of the last night."""
    return scalar(con, "select max(as_of) from ops.clock") if con and has_table(con, "ops", "clock") else None


def assert_memory(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Asks what the last night had to do: a first night cannot know."""
    if not has_table(con, "identity", "customer_source_records"):
        return
    customers = int(
        scalar(con, "select count(distinct customer_id) from identity.customer_source_records where valid_to is null")
    )
    needed = min(_LEAST_BYTES + customers * _BYTES_PER_CUSTOMER, _MOST_BYTES)
    limit = _bytes(settings.engine.memory_limit)
    if limit < needed:
        raise KundbildError(
            f"{settings.engine.memory_limit} of memory are too little for {customers:,} customers",
            where="memory_limit below [engine] in kundbild.toml",
            to_do=f'say memory_limit = "{-(-needed // 100_000_000) * 100}MB" or more',
        )


def _bytes(said: str) -> int:
    """DuckDB's own reading of 1200MB, 2GiB, 80%."""
    with duckdb.connect(config={"memory_limit": said}) as apart:
        shown = str(scalar(apart, "select current_setting('memory_limit')"))
    number, unit = shown.split()
    return int(float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit))
