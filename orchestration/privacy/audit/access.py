"""Who read people's data: the entries of the audit log that tell of reading. Here: noting one, and finding them again.

An entry holds who, when, what kind of look, and the keyed hash of one customer or a number of rows; never a value. It is written
to a file before anything is shown, so that it works while a night has the warehouse. Not here: the log itself (log.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestration.core.home import Home
from orchestration.core.settings import Privacy
from orchestration.privacy.audit.log import AuditLog, Entry, audit_log

QUERIED, LISTED_PAIRS, LISTED_ROWS, BY_DBT, BREACH, SHOWN = (
    "queried", "listed pairs to review", "listed rows set aside", "ran dbt by hand", "assessed a breach", "showed a customer",
)  # fmt: skip
# what a query's entry calls the grade that was asked; entries of before name the schema
_FORMER_NAMES = {"bi": "analyst"}
# every action of the log by which somebody saw, or took along, rows of people
READS = (
    QUERIED, LISTED_PAIRS, LISTED_ROWS, BY_DBT, BREACH, SHOWN, "explained a customer", "explained a permission", "exported an audience",
    "told a recipient of removals", "exported pairs to review", "export",
)  # fmt: skip
# commands of dbt that build or describe, and options by which these too may print rows; others, as `show`, may anyway
_SHOW_NO_ROWS = ("parse", "compile", "ls", "list", "deps", "clean", "debug", "docs", "seed", "run", "build", "test")
_SHOW_ROWS = ("--inline", "--show")
_COMMANDS = (*_SHOW_NO_ROWS, "show", "run-operation", "snapshot", "source", "retry", "clone", "init")


@dataclass(frozen=True)
class Reader:
    """What one user read: how many times, since the log began, when last, and how many times of each grade."""

    actor: str
    looks: int
    last_at: str
    grades: dict[str, int]


def note_access(home: Home, settings: Privacy, action: str, **detail: int | str) -> None:
    """Notes a look that is about to be shown. Raises AuditError or KundbildError where it cannot be noted: then nothing is shown."""
    audit_log(home, settings).append(action, detail=detail)


def command_to_note(arguments: Sequence[str]) -> str:
    """The command of dbt by hand that may show rows, as the log names it; empty where it shows none.

    In doubt it shows some: behind an option in front of the command stands a value, which may look like a command.
    """
    command = arguments[0] if arguments and arguments[0] in _COMMANDS else "dbt"
    is_silent = command in _SHOW_NO_ROWS and not any(said.split("=")[0] in _SHOW_ROWS for said in arguments)
    return "" if is_silent else command


def grade_of(entry: Entry) -> str:
    """What an entry tells of reading: open (counts), analyst (pseudonymised rows) or people, as every look but a query is."""
    said = str(entry.detail.get("of", "people"))
    return _FORMER_NAMES.get(said, said) if entry.action == QUERIED else "people"


def reads(log: AuditLog, about: str = "", grade: str = "") -> Iterator[Entry]:
    """The entries that tell of reading, oldest first; only of a customer or record that `about` names, of one grade."""
    whom = log.names_of(about) if about else set()
    return (
        entry
        for entry in log.entries()
        if entry.action in READS and (not whom or entry.subject in whom) and (not grade or grade_of(entry) == grade)
    )


def readers(entries: list[Entry]) -> list[Reader]:
    """Who read, most looks first."""
    by_actor: dict[str, list[Entry]] = {}
    for entry in entries:
        by_actor.setdefault(entry.actor, []).append(entry)
    found = [
        Reader(
            who, len(theirs), max(entry.at for entry in theirs), dict(sorted(Counter(map(grade_of, theirs)).items()))
        )
        for who, theirs in by_actor.items()
    ]
    return sorted(found, key=lambda reader: (-reader.looks, reader.actor))
