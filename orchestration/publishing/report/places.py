"""Where a report lies, and what the process that makes it is told. Not here: making it (making.py, maker.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home

REPORT = "report/report.html"


@dataclass(frozen=True)
class Task:
    """What the process is told: files and moments (UTC, naive). `before` is the publication that the report is compared with."""

    company: str
    currency: str
    k: int
    min_people: int
    now: tuple[Path, datetime]
    before: tuple[Path, datetime] | None
    page: Path
    dictionary: Path
    manifest: Path | None
    temporary: Path


def report_path(home: Home) -> Path:
    """Where the report of the publication that readers see lies, whether it is there or not."""
    return home.published / "current" / REPORT


def dictionary_beside(page: Path) -> Path:
    """Where the data dictionary of a report lies that somebody writes elsewhere."""
    return page.with_name(f"{page.stem}_dictionary.html")


def assert_folder_is_there(file: Path) -> None:
    """Raises KundbildError where the folder of a named file is not there: a folder by a slip of the pen is not made."""
    if not file.parent.is_dir():
        raise KundbildError("the folder is not there", where=str(file.parent), to_do="make it, or name another file")
