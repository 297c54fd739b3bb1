"""Dagster's databases in the home: whether they can be read, and putting aside what cannot, so that Dagster begins anew.

They hold what the Dagster UI shows of former runs; a night needs nothing of it. Not here: how Dagster opens them (history.py).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from orchestration.core.clock import now
from orchestration.core.home import Home

# what is lost with each
_HOLDS = {
    "history/runs.db": "which runs there were",
    "history/runs/index.db": "when each table was last made and checked",
    "schedules/schedules.db": "which schedules and sensors were switched on or off in the UI: the configuration says so again",
}
_LOG_OF_A_RUN = "the log of a former run"
_MARK = ".damaged-"
# a shorter file has no header, and SQLite takes it for an empty database
_HEADER_BYTES = 100
# a larger file is looked through only where a run has failed on it: every start of a run would wait for that
MOST_LOOKED_THROUGH = 256 * 1024**2
_OF_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def damaged(home: Home, *, most: float = MOST_LOOKED_THROUGH) -> list[str]:
    """Databases that cannot be read, as paths below the Dagster folder: cut, empty or overwritten. Files of more than `most` bytes
    are opened and not looked through."""
    heads = [name for name in _HOLDS if _is_damaged(home.dagster / name, most, is_empty_damaged=True)]
    runs = sorted((home.dagster / "history" / "runs").glob("*.db"))
    names = [str(path.relative_to(home.dagster)) for path in runs if _is_damaged(path, 0, is_empty_damaged=False)]
    return heads + [name for name in names if name not in _HOLDS]


def put_aside(home: Home, *, most: float = MOST_LOOKED_THROUGH) -> list[str]:
    """Renames what is damaged, and what lies beside it, so that Dagster makes it anew. Returns what to tell. Needs the lock."""
    found = damaged(home, most=most)
    mark = f"{_MARK}{now():%Y%m%dT%H%M%S}"
    for name in found:
        path = home.dagster / name
        for part in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))):
            if part.exists():
                part.rename(part.with_name(part.name + mark))
    if not found:
        return []
    return [
        f"Dagster's run history could not be read and begins anew, without {lost(found)}. Put aside in {home.dagster}: "
        f"{', '.join(name + mark for name in found)}. Nothing else is lost. Restart the Dagster UI if it is open"
    ]


def lost(names: list[str]) -> str:
    """What databases hold, in words."""
    return "; ".join(dict.fromkeys(_HOLDS.get(name, _LOG_OF_A_RUN) for name in names))


def left_aside(home: Home) -> list[str]:
    """Databases that were put aside and are still there, as paths below the Dagster folder."""
    parts = {path.with_name(path.name.partition(_MARK)[0]): path for path in home.dagster.glob(f"*/**/*{_MARK}*")}
    return sorted(str(path.relative_to(home.dagster)) for db, path in parts.items() if db.suffix == ".db")


def is_of_damage(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, is SQLite's of a damaged file."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        if isinstance(error, sqlite3.Error) and _code(error) in _OF_DAMAGE:
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


def _is_damaged(path: Path, most: float, *, is_empty_damaged: bool) -> bool:
    if not path.is_file():
        return False
    size = path.stat().st_size
    if size < _HEADER_BYTES:
        # the file of a run that begins is empty for a moment
        return is_empty_damaged or size > 0
    try:
        # "rw": a reader that may not write leaves files behind
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as con:
            con.execute("select count(*) from sqlite_master").fetchall()
            return size <= most and con.execute("pragma quick_check(1)").fetchall() != [("ok",)]
    except sqlite3.Error as error:
        return _code(error) in _OF_DAMAGE


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary code of an error; 0 where it is none of SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
