"""Columns of consent in a table of people → consent events, one map for each column.

A grant is proposed only of a column whose name says nothing but its purpose, and with a column that says when it was given; a refusal
holds without both. Not here: columns that say a no (refusals.py), what a permission needs (docs/consent.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.contracts.lacking_evidence import lacking_evidence
from orchestration.contracts.words import ENDING, plain_words_for, words_for, words_of
from orchestration.proposals.columns import Column
from orchestration.proposals.grants import needs
from orchestration.proposals.proposal import Filled, Proposal
from orchestration.proposals.refusals import (
    HOLDS_FROM_NOW,
    UNDATED,
    dated_yes,
    hidden,
    names_newsletter,
    refusals,
    says_no,
    unsettled,
)

_CHANNELS = {"consent_email": ("email", "email"), "consent_sms": ("sms", "phone")}


def consents(
    table: str, every: Sequence[Column], said: dict[str, dict[str, float]], people: Proposal, beside: Sequence[str] = ()
) -> list[Proposal]:
    """The maps of consent columns of a table that is mapped to `people`; columns without a value have nothing `said`. `beside` are names
    in the rows that are no columns.

    Words of doubt are taken for no, and told of; a column without a yes or a no is told of only. No word is written that is not
    known: another one may be about somebody.
    """
    key = people.of("source_key")
    columns = [column for column in every if column.name in said]
    # their own statements, and words that are about the person
    settled = {c for c in said if _CHANNELS.keys() & said[c].keys()} | {c for f in people.filled for c in f.columns}
    # not when somebody said yes: the no came later
    found = refusals(columns, people, _first(columns, said, "updated_at"), settled)
    taken = {column for one in found for filled in one.filled if filled.target == "status" for column in filled.columns}
    hiding = hidden(every, beside)
    found += [_hidden(name, key) for name in hiding if key]
    doubt = f"the name of the table, {table}, says no" if says_no(table) else ""
    if not doubt and (no_of := unsettled(every, beside, settled)):
        doubt = f"{no_of} may say a no that is newer"
    if not doubt and hiding:
        doubt = f"{hiding[0]} may say that nobody writes to them"
    for column in columns:
        if column.name in taken:
            continue
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
        other = [value for value in column.values if value in words_for("doubt")]
        unknown = len(column.values) - len([*yes, *no, *other])
        # of 1, 2 and 3, or K, M and P, no value is a plain yes
        are_codes = unknown and any(len(value) == 1 for value in yes)
        may_be = doubt or ("its other values say that they are codes" if are_codes else "")
        one = _consent(may_be, column, _CHANNELS[concept], (yes, no, other), key, (columns, said, people))
        if unknown:
            told = f"{column.name}: {unknown} other value{'s' if unknown > 1 else ''} of it permit nothing until `values` says what each means"
            one = replace(one, notes=(*one.notes, told))
        found.append(one)
    return found


def _hidden(column: str, key: Filled) -> Proposal:
    """It is told of only: what hides somebody is no guess of words."""
    told = f"{column}: seems to say who is protected or dead, and is not mapped: map it to address_updates before the first night"
    return Proposal("address_updates", (key,), 0.5, missing=("effective_on",), notes=(told,))


def _consent(
    doubt: str,
    column: Column,
    way: tuple[str, str],
    words: tuple[list[str], list[str], list[str]],
    key: Filled,
    table: tuple[Sequence[Column], dict[str, dict[str, float]], Proposal],
) -> Proposal:
    columns, said, people = table
    yes, no, other = words
    channel, point = way
    stated = _stated_of(column, columns, said)
    is_newsletter = names_newsletter(column.name)
    doubt = _doubt(column, said, stated, columns) or doubt
    may_grant = bool(yes) and not doubt
    # not since when the row is there, as a customer since 2015: a yes of before the no would stand
    updated = _first(columns, said, "updated_at")
    dates_no = _dates_no(column.name, stated) and not updated
    at = stated if may_grant or dates_no else updated if not stated else None
    holds_from_now = not at or (may_grant and not dates_no)
    # in doubt about a permission the answer is no
    values = dict.fromkeys([*no, *other], "withdrawn") | (dict.fromkeys(yes, "granted") if may_grant else {})
    filled = [key, *([Filled("person_key", key.columns, key.sureness, "the row is a person's")])]
    if contact := people.of(point):
        filled.append(Filled("contact_point", contact.columns, contact.sureness, "what the consent is for"))
    # an empty field is of somebody who was not asked: without a status it would be a withdrawal that cannot be read
    has_empty = column.filled < column.rows
    ignored = (*([""] if has_empty else []), *([] if may_grant else yes))
    filled.append(
        Filled(
            "status",
            (column.name,),
            said_of(said, column),
            f"it says {', '.join([*yes, *no, *other])}",
            values,
            ignored,
            otherwise=UNDATED if holds_from_now else "",
        )
    )
    if may_grant and stated and not dates_no:
        filled.append(dated_yes(column.name, yes, stated))
    elif at:
        filled.append(
            Filled("stated_at", (at,), 1.0, "when it was stated" if at == stated else "the latest that is known")
        )
    wording = _first(columns, said, "consent_wording", is_time=False)
    if wording and may_grant:
        filled.append(Filled("wording_version", (wording,), 1.0, "what was agreed to"))
    constants = {"purpose": "newsletter" if is_newsletter else "all", "channel": channel, "contact_point_type": point}
    notes = []
    if other:
        notes.append(
            f"{column.name}: {', '.join(other)} is taken for no: change it in values where it means another thing"
        )
    if has_empty:
        notes.append(
            f'{column.name}: an empty field is no statement, and permits nothing; where it is a no, move "" from ignore to values'
            ' ("" = "withdrawn")'
        )
    if yes and not may_grant:
        notes.append(f"{column.name}: yes is not mapped, for {doubt}; no is")
    elif yes:
        told = {*(one.target for one in filled), "stated_at"}
        lacking = lacking_evidence(told, constants["purpose"])
        notes += [needs(column.name, what) for what in lacking]
    if holds_from_now:
        why = f"{stated} may be of the yes, so a no holds from the night that first reads it"
        notes.append(f"{column.name}: {why if stated else HOLDS_FROM_NOW}")
    return Proposal(
        "consent_events", tuple(filled), said_of(said, column), constants=constants,
        name="_".join(words_of(column.name)), notes=tuple(notes),
    )  # fmt: skip


def _doubt(column: Column, said: dict[str, dict[str, float]], stated: str | None, columns: Sequence[Column]) -> str:
    """Why a yes is not proposed as a grant; empty where nothing speaks against it."""
    if not stated:
        return "no column says when"
    if not names_newsletter(column.name):
        return "its name does not say what for"
    # no_newsletter, sms_newsletter, partner newsletter: words before the purpose may turn it into another one
    if said_of(said, column) <= ENDING or says_no(column.name):
        return "its name says more than its purpose"
    is_own = _is_when_of(column.name, stated)
    if (not is_own and said[stated].get("consent_stated_at", 0.0) <= ENDING) or says_no(stated):
        return f"{stated} may say when something else was stated"
    if next(one for one in columns if one.name == stated).is_ambiguous:
        return f"the day and the month of {stated} may be the other way round"
    return ""


def _stated_of(column: Column, columns: Sequence[Column], said: dict[str, dict[str, float]]) -> str | None:
    """When a consent was stated: beside it in its object, or called as it is (newsletter_at). A moment of another object is of another one."""
    holder = column.name.rpartition(".")[0]
    beside = [c for c in columns if c.name.rpartition(".")[0] == holder]
    own = [c.name for c in beside if c.is_time and _is_when_of(column.name, c.name)]
    return own[0] if own else _first(beside, said, "consent_stated_at")


def _is_when_of(column: str, name: str) -> bool:
    """Whether a time is called as a consent is, with a word for a time before or behind: newsletter_at, Datum nyhetsbrev."""
    words, of = words_of(name), words_of(column)
    behind, before = "".join(words[len(of) :]), "".join(words[: len(words) - len(of)])
    told = plain_words_for("when")
    return (words[: len(of)] == of and behind in told) or (words[len(words) - len(of) :] == of and before in told)


def _dates_no(column: str, stated: str | None) -> bool:
    """Whether a time says when a no was said: it is the newsletter's own. One of another column, or of a wish, is when somebody said yes."""
    is_plain = "".join(words_of(column.rpartition(".")[2])) in plain_words_for("newsletter")
    return is_plain and stated is not None and _is_when_of(column, stated)


def said_of(said: dict[str, dict[str, float]], column: Column) -> float:
    """How sure it is that a column is of consent."""
    return max((sure for concept, sure in said[column.name].items() if concept in _CHANNELS), default=0.0)


def _first(
    columns: Sequence[Column], said: dict[str, dict[str, float]], concept: str, *, is_time: bool = True
) -> str | None:
    found = [
        (said[c.name][concept], -at, c.name)
        for at, c in enumerate(columns)
        if concept in said[c.name] and c.is_time is is_time
    ]
    return max(found)[2] if found else None
