"""The publication that the pages show: found anew for each page, its answers kept until readers are led to another one.

A file is open only while it is asked: a night may replace it, and an erasure may write it, at any time. Not here: which questions there
are (parts.py), how people are looked up (customer.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.configuration import home_and_config, load_settings
from orchestration.core.home import Home
from orchestration.core.warehouse import has_table
from orchestration.publishing.grades import ANALYST, PEOPLE
from orchestration.publishing.report.asking import Answer, Asked, Question
from orchestration.publishing.report.making import task_of
from orchestration.publishing.report.page import Report
from orchestration.publishing.versions import current_version

_LOCKED: dict[str, Any] = {"memory_limit": "500MB", "threads": 2, "enable_external_access": False, "lock_configuration": True}  # fmt: skip
# one look at a time: DuckDB hands out a file that is open already, also where another one lies there by now, and refuses two ways to open it
_LOOKING = threading.Lock()
_OF_PEOPLE = (("marts", "customer_360"), ("segments", "customer_lifecycle"), ("segments", "customer_rfm"))


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A file of a publication, read-only and locked down. Nobody else looks meanwhile: close it soon."""
    with _LOOKING, duckdb.connect(str(path), read_only=True, config=_LOCKED) as con:
        yield con


@dataclass
class FromFile:
    """One publication's answers, as `Asks` has them. Each question is asked once."""

    path: Path
    as_of: datetime
    k: int
    temporary: Path
    min_people: int | None = None
    _answers: dict[str, Answer] = field(default_factory=dict, repr=False)

    def ask(self, question: Question) -> Answer:
        if question.script not in self._answers:
            with _LOOKING, Asked.open(self.path, self.as_of, self.k, self.temporary, self.min_people) as asked:
                self._answers[question.script] = asked.ask(question)
        return self._answers[question.script]


@dataclass(frozen=True)
class Reading:
    """What the pages read. `key` changes with every publication, and where something was taken out of this one. `people` is the file
    of the grade people, where the publication has it and this user may read it."""

    key: str
    version: str
    as_of: datetime
    report: Report
    path: Path
    people: Path | None

    @property
    def k(self) -> int:
        return self.report.now.k


_LOCK = threading.Lock()
_last: list[Reading] = []


def publication_key() -> str:
    """What tells the publication that readers see from any other state of it; "" where there is none."""
    home, _ = home_and_config()
    version = current_version(home)
    return _key(home, version) if version else ""


def _key(home: Home, version: str) -> str:
    folder = home.published / "versions" / version
    marks = [version]
    for grade in (ANALYST, PEOPLE):
        path = folder / grade.file
        if path.exists():
            stat = path.stat()
            marks.append(f"{stat.st_ino}.{stat.st_mtime_ns}.{stat.st_size}")
    return " ".join(marks)


def current_reading() -> Reading:
    """The publication that readers see now. Raises KundbildError where nothing is published."""
    with _LOCK:
        key = publication_key()
        if not key or not _last or _last[0].key != key:
            _last[:] = [_read(key)]
        return _last[0]


def _read(key: str) -> Reading:
    home, config = home_and_config()
    task = task_of(home, load_settings(config))
    now, before = (
        FromFile(*place, task.k, task.temporary, task.min_people) if place else None
        for place in (task.now, task.before)
    )
    assert now
    people = now.path.with_name(PEOPLE.file)
    return Reading(
        key=key,
        version=now.path.parent.name,
        as_of=now.as_of,
        report=Report(task.company, task.currency, now, before),
        path=now.path,
        people=people if _is_people(people) else None,
    )


def _is_people(path: Path) -> bool:
    """Whether this user may read the file, and it holds what is asked of it; one of an earlier version may not."""
    try:
        with opened(path) as con:
            return all(has_table(con, schema, table) for schema, table in _OF_PEOPLE)
    except (duckdb.Error, OSError):
        return False
