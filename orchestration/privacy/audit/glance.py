"""What a log says at a glance, without looking at its chain, for what also works on a log that is broken. Not here: the log (log.py)."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path


def last_entry(path: Path) -> str:
    """When the newest entry of a log was written and what was done, in words, without looking at its chain; "" where none can be
    read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        entry = json.loads(lines[-1])
        return f"{entry['action']}, at {entry['at']}"
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def first_entry_at(path: Path) -> datetime | None:
    """When a log was begun, UTC, naive, without looking at its chain; None where it has no entry that can be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return datetime.fromisoformat(json.loads(next(lines))["at"]).replace(tzinfo=None)
    except (OSError, ValueError, LookupError, TypeError, StopIteration):
        return None


def has_entry(path: Path, action: str) -> bool:
    """Whether something was done at all, without looking at the chain of the log; no log has no entry."""
    if not path.exists():
        return False
    with path.open(encoding="utf-8", errors="replace") as lines:
        return any(f'"action": {json.dumps(action)}' in line for line in lines)
