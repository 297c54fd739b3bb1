"""The mark that a run leaves when it begins, and that its end takes away: what `status` tells of a run that could note nothing.

A run notes its end in the warehouse (status.py). One that is killed cannot, nor one that finds the disk full. The mark has
the same size whatever it says and is written in place, so it needs no room once it is there. Not here: runs that noted
their end.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from orchestration.core.clock import now
from orchestration.core.home import Home, read_json

# one page of a file system
_SIZE = 4096


class Attempt:
    """A run that is going on. Without `end`, it stands as one that never noted its end."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._began = now()
        self._write("began", "")

    def end(self, problem: str = "") -> None:
        """`problem` says why it failed, and quotes no row."""
        self._write("failed" if problem else "ended", problem)

    def _write(self, state: str, problem: str) -> None:
        if self._descriptor is None:
            return
        words = " ".join(problem.split())
        text = b""
        while not text or len(text) > _SIZE:
            text = json.dumps({"state": state, "began_at": self._began.isoformat(), "problem": words}).encode()
            words = words[: len(words) * 3 // 4]
        # a disk that is full without the mark being there has no room for it either
        with suppress(OSError):
            os.pwrite(self._descriptor, text.ljust(_SIZE), 0)
            os.fsync(self._descriptor)


@contextmanager
def attempt(home: Home) -> Iterator[Attempt]:
    """Marks that a run begins; does nothing within another attempt, which answers for it."""
    descriptor = None
    try:
        # held until the process ends, however it does: a mark that nobody holds is of a run that is over
        with suppress(OSError):
            descriptor = os.open(home.last_attempt, os.O_RDWR | os.O_CREAT, 0o600)
        if descriptor is not None and not _is_free(descriptor, fcntl.LOCK_EX):
            os.close(descriptor)
            descriptor = None
        yield Attempt(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def unnoted(home: Home, last_run: dict[str, Any] | None) -> str:
    """What became of the newest run, in words, where it is not the one noted last: it failed and noted nothing, or never ended."""
    mark = _mark(home)
    if mark is None or mark["state"] not in ("began", "failed") or _is_held(home):
        return ""
    began = datetime.fromisoformat(mark["began_at"])
    if last_run and datetime.fromisoformat(last_run["ended_at"]) >= began:
        return ""
    if mark["state"] == "failed":
        return f"A run that began at {began:%Y-%m-%d %H:%M} UTC failed: {mark['problem']}"
    return (
        f"A run that began at {began:%Y-%m-%d %H:%M} UTC noted no end: it was stopped or killed, or the disk was full; "
        "`kundbild run` takes up what it left"
    )


def newest(home: Home) -> str:
    """What the mark alone tells of the newest run, in words; "" where there is none, or it cannot be read."""
    mark = _mark(home)
    if mark is None:
        return ""
    became = {"failed": f"failed: {mark['problem']}", "ended": "noted its end"}.get(mark["state"], "noted no end yet")
    return f"the newest run began at {datetime.fromisoformat(mark['began_at']):%Y-%m-%d %H:%M} UTC and {became}"


def _mark(home: Home) -> dict[str, str] | None:
    """The mark; None where there is none, or it is cut or something else: then it tells of no run."""
    mark = read_json(home.last_attempt)
    if not isinstance(mark, dict) or not all(isinstance(mark.get(k), str) for k in ("state", "began_at", "problem")):
        return None
    try:
        datetime.fromisoformat(mark["began_at"])
    except ValueError:
        return None
    return mark


def _is_held(home: Home) -> bool:
    with suppress(OSError):
        descriptor = os.open(home.last_attempt, os.O_RDONLY)
        try:
            return not _is_free(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)
    return False


def _is_free(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
