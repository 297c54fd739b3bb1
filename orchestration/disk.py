"""Says that a disk is full: which errors mean that, and which file system it is. Not here: writing anything."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from orchestration.errors import KundbildError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# DuckDB's, SQLite's and the operating system's words
_WORDS = ("no space left", "file too large", "disk quota exceeded", "database or disk is full", "disk i/o error")
_TOO_LARGE = "file too large"
# with less than this left, DuckDB and SQLite cannot write their next pages
_LEAST_FREE = 32 * 1024**2


class DiskFullError(KundbildError):
    """A file system has no room for what a run writes."""


def full_disk(error: BaseException | str, home: Path) -> DiskFullError | None:
    """The error that a person can mend, where `error` or what caused it means a full disk; else None."""
    if not _is_full(error):
        return None
    full = [place for place in _places(home) if _free(place) < _LEAST_FREE]
    if not full and _TOO_LARGE in _words(error):
        return DiskFullError(
            "a file would become larger than this process may write",
            where=str(home),
            to_do="raise the limit (`ulimit -f`), then `kundbild run` again; what is published stands",
        )
    place = full[0] if full else home
    return DiskFullError(
        f"the disk is full: {_free(place) / 1024**2:,.0f} MiB are left on the file system {_mount_point(place)}",
        where=str(place),
        to_do="make room there, or choose another --home; then `kundbild run` again; what is published stands",
    )


def _is_full(error: BaseException | str) -> bool:
    if isinstance(error, str):
        return any(word in error.lower() for word in _WORDS)
    return any(
        (isinstance(e, OSError) and e.errno in _FULL) or any(word in str(e).lower() for word in _WORDS)
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


def _standing(place: Path) -> Path:
    while not place.exists():
        place = place.parent
    return place


def _mount_point(place: Path) -> Path:
    place = _standing(place).resolve()
    while not os.path.ismount(place):
        place = place.parent
    return place
