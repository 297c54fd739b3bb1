"""Says that a disk is full: which errors mean that, and which file system it is. Not here: writing anything."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import tempfile
from pathlib import Path

from orchestration.errors import KundbildError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# DuckDB's, SQLite's and the operating system's words
_WORDS = ("no space left", "file too large", "disk quota exceeded", "database or disk is full", "disk i/o error")
_TOO_LARGE = "file too large"
# SQLite says these of any write that fails, of a file that may grow no more too
_OF_ANY_WRITE = ("disk i/o error", "database or disk is full")
_OVER_QUOTA = "disk quota exceeded"
# with less than this left, DuckDB and SQLite cannot write their next pages
_LEAST_FREE = 32 * 1024**2


class DiskFullError(KundbildError):
    """A file system has no room for what a run writes."""


def full_disk(error: BaseException | str, home: Path) -> DiskFullError | None:
    """The error that a person can mend, where `error` or what caused it means a full disk; else None."""
    if not _is_full(error):
        return None
    full = [place for place in _places(home) if _free(place) < _LEAST_FREE]
    return _no_room(error, home) if not full else _full(full[0])


def _no_room(error: BaseException | str, home: Path) -> DiskFullError:
    """Why a write failed on a file system with room: a limit of the process, a quota, or what was there has gone since."""
    words, limit = _words(error), resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    is_any = any(word in words for word in _OF_ANY_WRITE) and "no space left" not in words
    is_limited = limit != resource.RLIM_INFINITY
    if _TOO_LARGE in words or (is_any and is_limited):
        most = f" ({limit / 1024**2:,.1f} MiB)" if is_limited else ""
        return DiskFullError(
            f"a file would become larger than this process may write{most}",
            where=str(home),
            to_do="raise the limit (`ulimit -f`), then `kundbild run` again; what is published stands",
        )
    if _OVER_QUOTA in words:
        return DiskFullError(
            f"the quota on the file system {_mount_point(home)} is used up",
            where=str(home),
            to_do="have it raised, or make room; then `kundbild run` again; what is published stands",
        )
    if "disk i/o error" in words and "no space left" not in words:
        return DiskFullError(
            f"the file system {_mount_point(home)} did not take what was written: {_left(home)} are left on it",
            where=str(home),
            to_do="look at the disk and at the system's log, then `kundbild run` again; what is published stands",
        )
    return _full(home)


def _full(place: Path) -> DiskFullError:
    return DiskFullError(
        f"the disk is full: {_left(place)} are left on the file system {_mount_point(place)}",
        where=str(place),
        to_do="make room there, or choose another --home; then `kundbild run` again; what is published stands",
    )


def _is_full(error: BaseException | str) -> bool:
    if isinstance(error, str):
        return any(word in error.lower() for word in _WORDS)
    return any(
        (isinstance(e, OSError) and e.errno in FULL) or any(word in str(e).lower() for word in _WORDS)
        for e in _chain(error)
    )


def _words(error: BaseException | str) -> str:
    return error.lower() if isinstance(error, str) else " ".join(str(e).lower() for e in _chain(error))


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _places(home: Path) -> list[Path]:
    return [home, Path(tempfile.gettempdir())]


def _free(place: Path) -> int:
    return shutil.disk_usage(_standing(place)).free


def _left(place: Path) -> str:
    return f"{_free(place) / 1024**2:,.0f} MiB"


def _standing(place: Path) -> Path:
    while not place.exists():
        place = place.parent
    return place


def _mount_point(place: Path) -> Path:
    place = _standing(place).resolve()
    while not os.path.ismount(place):
        place = place.parent
    return place
