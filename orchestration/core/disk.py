"""Says that a disk is full: which errors mean that, and which file system it is. Not here: writing anything."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.core.errors import KundbildError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# DuckDB says this of temporary files, calls it a lack of memory, and stops at nine tenths of what is free
_SPILLED = "failed to offload data block"
# DuckDB's, SQLite's and the operating system's words
_WORDS = (
    "no space left",
    "file too large",
    "disk quota exceeded",
    "database or disk is full",
    "disk i/o error",
    _SPILLED,
)
_TOO_LARGE = "file too large"
# SQLite says these of any write that fails, of a file that may grow no more too
_OF_ANY_WRITE = ("disk i/o error", "database or disk is full")
_OVER_QUOTA = "disk quota exceeded"
# a request that is noted is carried through whatever becomes of its command
_GOES_ON = "then `kundbild run` does what is left of it: do not repeat the command"
# with less than this left, DuckDB and SQLite cannot write their next pages
_LEAST_FREE = 32 * 1024**2


class DiskFullError(KundbildError):
    """A file system has no room for what is to be written. `remedy` is what makes room."""

    kind = "disk_full"

    def __init__(
        self, what: str, *, where: str, remedy: str, then: str = "then repeat the command; what is published stands"
    ) -> None:
        super().__init__(what, where=where, to_do=f"{remedy}; {then}")
        self.remedy = remedy


@dataclass
class Kept:
    """Whether what somebody asked for is noted by now."""

    is_noted: bool = False


@contextmanager
def saying_what_is_kept(home: Path, then: str = _GOES_ON) -> Iterator[Kept]:
    """Where what is done inside finds no room, the error says whether the request was noted; `then` is what to do if so."""
    kept = Kept()
    try:
        yield kept
    except Exception as error:
        full = full_disk(error, home)
        if full is None:
            raise
        what = f"{full.what}; {'the request is noted' if kept.is_noted else 'nothing of the request is noted'}"
        then = then if kept.is_noted else "then repeat the command"
        raise DiskFullError(what, where=full.where, remedy=full.remedy, then=then) from error


def full_disk(error: BaseException | str, home: Path) -> DiskFullError | None:
    """The error that a person can fix, where `error` or what caused it means a full disk; else None."""
    if isinstance(error, DiskFullError):
        return error
    if not is_full(error):
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
            remedy="raise the limit (`ulimit -f`)",
        )
    if _SPILLED in words:
        return DiskFullError(
            f"temporary files need more room than there is: {_left(home)} are left on the file system {_mount_point(home)}",
            where=str(home),
            remedy="make room there, or raise memory_limit below [engine]",
        )
    if _OVER_QUOTA in words:
        return DiskFullError(
            f"the quota on the file system {_mount_point(home)} is used up",
            where=str(home),
            remedy="have it raised, or make room",
        )
    if "disk i/o error" in words and "no space left" not in words:
        return DiskFullError(
            f"the file system {_mount_point(home)} did not accept what was written: {_left(home)} are left on it",
            where=str(home),
            remedy="look at the disk and at the system's log",
        )
    return _full(home)


def _full(place: Path) -> DiskFullError:
    return DiskFullError(
        f"the disk is full: {_left(place)} are left on the file system {_mount_point(place)}",
        where=str(place),
        remedy="make room there, or choose another --home",
    )


def is_full(error: BaseException | str) -> bool:
    """Whether `error`, or what caused it, says that a file took no more."""
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
