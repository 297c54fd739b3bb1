"""Columns of consent in a table of people → consent events, one map for each column.

A grant is proposed only of a column that names its purpose, and with a column that says when it was given; a refusal holds without both. Not here:
what a permission needs (docs/consent.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.proposals.columns import Column
from orchestration.proposals.proposal import Filled, Proposal
from orchestration.proposals.words import words_for, words_of

_WORD = 12
_CHANNELS = {"consent_email": ("email", "email"), "consent_sms": ("sms", "phone")}


def consents(columns: Sequence[Column], said: dict[str, dict[str, float]], people: Proposal) -> list[Proposal]:
    """The maps of consent columns of a table that is mapped to `people`. Words that are neither yes nor no are taken for no, and told
    of; a column without either, or with many words, is told of only."""
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
        if not yes and not no:
            told = f"{column.name}: not mapped, for its words are neither yes nor no: say in values what each means"
            found.append(Proposal("consent_events", (key,), said_of(said, column), missing=("status",), notes=(told,)))
            continue
        # a longer one may be about somebody: a night sets it aside, and says so
        other = [v for v in column.values if v not in yes and v not in no and v.isalpha() and len(v) <= _WORD]
        found.append(_consent(column, _CHANNELS[concept], (yes, no, other), key, (columns, said, people)))
    return found


def _consent(
    column: Column,
    way: tuple[str, str],
    words: tuple[list[str], list[str], list[str]],
    key: Filled,
    table: tuple[Sequence[Column], dict[str, dict[str, float]], Proposal],
) -> Proposal:
    columns, said, people = table
    yes, no, other = words
    channel, point = way
    stated = _first(columns, said, "consent_stated_at")
    is_newsletter = any(word in "".join(words_of(column.name)) for word in words_for("newsletter"))
    may_grant = bool(stated and is_newsletter and yes)
    at = stated or _first(columns, said, "updated_at") or _first(columns, said, "created_at")
    # in doubt about a permission the answer is no
    values = dict.fromkeys([*no, *other], "withdrawn") | (dict.fromkeys(yes, "granted") if may_grant else {})
    filled = [key, *([Filled("person_key", key.columns, key.sureness, "the row is a person's")])]
    if contact := people.of(point):
        filled.append(Filled("contact_point", contact.columns, contact.sureness, "what the consent is for"))
    ignored = () if may_grant else tuple(yes)
    filled.append(
        Filled(
            "status",
            (column.name,),
            said_of(said, column),
            f"it says {', '.join([*yes, *no, *other])}",
            values,
            ignored,
        )
    )
    if at:
        filled.append(
            Filled("stated_at", (at,), 1.0, "when it was stated" if at == stated else "the latest that is known")
        )
    wording = _first(columns, said, "consent_wording")
    if wording and may_grant:
        filled.append(Filled("wording_version", (wording,), 1.0, "what was agreed to"))
    notes = []
    if other:
        notes.append(
            f"{column.name}: {', '.join(other)} is taken for no: change it in values where it means another thing"
        )
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
