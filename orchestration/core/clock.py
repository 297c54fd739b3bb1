"""The clock of the warehouse."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time in UTC without a zone, as every timestamp in the warehouse."""
    return datetime.now(UTC).replace(tzinfo=None)
