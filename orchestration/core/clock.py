"""The clock of the warehouse. Not here: the moment that a night describes (run/preflight.py)."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time in UTC without a zone, as every timestamp in the warehouse."""
    return datetime.now(UTC).replace(tzinfo=None)
