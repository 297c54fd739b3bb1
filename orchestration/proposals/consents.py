"""Columns of consent in a table of people → consent events, one map for each column.

A grant is proposed only of a column that names its purpose, and with a column that says when it was given; a refusal holds without both. Not here:
what a permission needs (docs/consent.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.proposals.columns import Column
from orchestration.proposals.proposal import Filled, Proposal
from orchestration.proposals.words import words_for, words_of

_CHANNELS = {"consent_email": ("email", "email"), "consent_sms": ("sms", "phone")}


def consents(columns: Sequence[Column], said: dict[str, dict[str, float]], people: Proposal) -> list[Proposal]:
    """The maps of consent columns of a table that is mapped to `people`. A column with other words than yes and no is only told of."""
    key = people.of("source_key")
    found = []
    for column in columns:
        concept = max(
            (c for c in _CHANNELS if c in said[column.name]), key=lambda c: said[column.name][c], default=None
        )
        if concept is None or key is None or column.is_time:
            continue
        yes = [value for value in column.values if value in words_for("yes")]
        no = [value for value in column.values if value in words_for("no")]
        if not column.values or len(yes) + len(no) < len(column.values):
            continue
        found.append(_consent(column, _CHANNELS[concept], (yes, no), key, (columns, said, people)))
    return found


def _consent(
    column: Column,
    way: tuple[str, str],
    words: tuple[list[str], list[str]],
    key: Filled,
    table: tuple[Sequence[Column], dict[str, dict[str, float]], Proposal],
) -> Proposal:
    columns, said, people = table
    yes, no = words
    channel, point = way
    stated = _first(columns, said, "consent_stated_at")
    is_newsletter = any(word in "".join(words_of(column.name)) for word in words_for("newsletter"))
    may_grant = bool(stated and is_newsletter and yes)
    at = stated or _first(columns, said, "updated_at") or _first(columns, said, "created_at")
    values = dict.fromkeys(no, "withdrawn") | (dict.fromkeys(yes, "granted") if may_grant else {})
    filled = [key, *([Filled("person_key", key.columns, key.sureness, "the row is a person's")])]
    if contact := people.of(point):
        filled.append(Filled("contact_point", contact.columns, contact.sureness, "what the consent is for"))
    ignored = () if may_grant else tuple(yes)
    filled.append(
        Filled("status", (column.name,), said_of(said, column), f"it says {', '.join([*yes, *no])}", values, ignored)
    )
    if at:
        filled.append(
            Filled("stated_at", (at,), 1.0, "when it was stated" if at == stated else "the latest that is known")
        )
    wording = _first(columns, said, "consent_wording")
    if wording and may_grant:
        filled.append(Filled("wording_version", (wording,), 1.0, "what was agreed to"))
    notes = []
    if yes and not may_grant:
        why = "no column says when" if not stated else "its name does not say what for"
        notes.append(f"{column.name}: yes is not mapped, for {why}; no is")
    elif yes and not wording:
        notes.append(
            f'{column.name}: add wording_version = "…" to constants: without the wording, a grant permits nothing'
        )
    if not at:
        notes.append(f"{column.name}: not mapped, for no column says when a row was written")
    constants = {"purpose": "newsletter" if is_newsletter else "all", "channel": channel, "contact_point_type": point}
    return Proposal(
        "consent_events", tuple(filled), said_of(said, column), missing=() if at else ("stated_at",), constants=constants,
        name="_".join(words_of(column.name)), notes=tuple(notes),
    )  # fmt: skip


def said_of(said: dict[str, dict[str, float]], column: Column) -> float:
    """How sure it is that a column is of consent."""
    return max((sure for concept, sure in said[column.name].items() if concept in _CHANNELS), default=0.0)


def _first(columns: Sequence[Column], said: dict[str, dict[str, float]], concept: str) -> str | None:
    found = [
        (said[c.name][concept], -at, c.name) for at, c in enumerate(columns) if concept in said[c.name] and c.is_time
    ]
    return max(found)[2] if found else None
