"""Yes of a proposed map that is taken back, because something beside it may say no, and what is told of it. Not here: what may say so
(refusal_lists.py, gone_rows.py, holding.py)."""

from __future__ import annotations

from dataclasses import replace

from orchestration.proposals.proposal import Proposal

STATEMENTS = "consent_events"


def without_grant(one: Proposal, why: str) -> Proposal:
    """The map, of which no word is a yes; and what is told of a grant of it is not."""
    status = one.of("status")
    yes = [word for word, meaning in status.values.items() if meaning == "granted"] if status else []
    if one.entity != STATEMENTS or not status or not yes:
        return one
    values = {word: meaning for word, meaning in status.values.items() if word not in yes}
    denies = replace(status, values=values, ignore=(*status.ignore, *yes))
    # an expression dates the yes alone
    filled = tuple(denies if f is status else f for f in one.filled if not (f.target == "stated_at" and f.sql))
    name = status.columns[0]
    kept = (note for note in one.notes if not note.startswith(needs(name, "")))
    note = f"{name}: {', '.join(yes)} is not mapped, for {why}; a no is"
    return replace(one, filled=filled, notes=(*kept, note))


def needs(column: str, what: str) -> str:
    """What is told of a grant that lacks some evidence; nothing of what it lacks, how each such word begins."""
    return f"{column}: a yes permits nothing until you {what}"
