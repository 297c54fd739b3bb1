"""Where a report lies, and what the process that makes it is told. Not here: making it (making.py, maker.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestration.core.home import Home

REPORT = "report/report.html"


@dataclass(frozen=True)
class Task:
    """What the process is told: files and moments (UTC, naive). `before` is the publication that the report is compared with."""

    company: str
    currency: str
    k: int
    now: tuple[Path, datetime]
    before: tuple[Path, datetime] | None
    page: Path
    dictionary: Path
    manifest: Path | None
    temporary: Path


def report_path(home: Home) -> Path:
    """Where the report of the publication that readers see lies, whether it is there or not."""
    return home.published / "current" / REPORT
