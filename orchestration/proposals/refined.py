"""A proposal by what else a look says of the file: the line of totals; and what a person has to know of it.

Not here: what the table is (entities.py), the look (looked.py), currencies (found.py).
"""

from __future__ import annotations

from dataclasses import replace

from orchestration.proposals.looked import Looked
from orchestration.proposals.proposal import Proposal


def without_total(one: Proposal, first: str, total: str | None) -> Proposal:
    """The map, which leaves out the line of totals: its first column says that it is one."""
    if total is None:
        return one
    at = next((n for n, f in enumerate(one.filled) if f.columns == (first,) and not f.values), None)
    if at is None:
        return one
    filled = [*one.filled]
    filled[at] = replace(filled[at], ignore=(total,))
    return replace(one, filled=tuple(filled))


def notes_of(table: str, looked: Looked) -> tuple[str, ...]:
    notes = []
    if looked.unread:
        them = "1 line has" if looked.unread == 1 else f"{looked.unread:,} lines have"
        notes.append(
            f"{table}: {them} not the fields of the header, and cannot be read: a night sets a few aside, and refuses a file of many"
        )
    if looked.total:
        notes.append(f"{table}: the line that begins with {looked.total} is taken for totals, and left out")
    if looked.partial:
        them = ", ".join(looked.partial)
        notes.append(
            f"{table}: {them}: not read, for not every file has it; to read it, move the files without it to a source of their own"
        )
    return tuple(notes)
