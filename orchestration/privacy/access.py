"""Who read people's data: the entries of the audit log that tell of reading. Here: noting one, and finding them again.

An entry holds who, when, what kind of look, and the keyed hash of one customer or a number of rows; never a value. It is written
to a file before anything is shown, so that it works while a night has the warehouse. Not here: the log itself (audit.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.home import Home
from orchestration.privacy.audit import AuditLog, Entry, audit_log
from orchestration.settings import Privacy

QUERIED, LISTED_PAIRS, LISTED_ROWS, BY_DBT, BREACH = (
    "queried", "listed pairs to review", "listed rows set aside", "ran dbt by hand", "assessed a breach",
)  # fmt: skip
# every action of the log by which somebody saw, or took along, rows of people
READS = (
    QUERIED, LISTED_PAIRS, LISTED_ROWS, BY_DBT, BREACH, "explained a customer", "explained a permission", "exported an audience",
    "told a recipient of removals", "exported pairs to review", "export",
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """What one user read: how many times, since the log began, and when last."""

    actor: str
    looks: int
    last_at: str


def note_access(home: Home, settings: Privacy, action: str, **detail: int | str) -> None:
    """Notes a look that is about to be shown. Raises AuditError or KundbildError where it cannot be noted: then nothing is shown."""
    audit_log(home, settings).append(action, detail=detail)


def reads(log: AuditLog, about: str = "") -> Iterator[Entry]:
    """The entries that tell of reading, oldest first; only of a customer or record, where `about` names one."""
    whom = log.names_of(about) if about else set()
    return (entry for entry in log.entries() if entry.action in READS and (not whom or entry.subject in whom))


def readers(entries: list[Entry]) -> list[Reader]:
    """Who read, most looks first."""
    by_actor: dict[str, list[Entry]] = {}
    for entry in entries:
        by_actor.setdefault(entry.actor, []).append(entry)
    found = [Reader(who, len(theirs), max(entry.at for entry in theirs)) for who, theirs in by_actor.items()]
    return sorted(found, key=lambda reader: (-reader.looks, reader.actor))
