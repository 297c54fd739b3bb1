"""Tables of statements of consent, a row for each: who said yes or no, to what, by which channel and when → consent events.

A yes is proposed as a grant only where the row says all of it in words that are known; every other word denies. Not here: columns of
consent in a table of people (consents.py, refusals.py), what a permission needs (docs/consent.md).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from orchestration.contracts.channels import channels
from orchestration.contracts.seeds import seed
from orchestration.privacy.intake.withdrawals import PLAIN_REFUSAL
from orchestration.proposals.columns import Column
from orchestration.proposals.proposal import Filled, Proposal
from orchestration.proposals.refusals import hidden, is_told_at, names_newsletter, refusing_status, says_no, unsettled
from orchestration.proposals.words import QUALIFIED, WHOLE, entities_of, words_for, words_of

ENTITY = "consent_events"
# of all a refusal may be of; no grant is
_ALL = "all"
_PLAIN = (
    ("confirmed_at", "confirmed_at"), ("expires_at", "expires_at"), ("wording_version", "consent_wording"),
    ("legal_basis", "legal_basis"), ("capture_source", "capture_source"),
)  # fmt: skip
# given_on is of a consent only where the table is one of consents: beside people it may be of a gift
_TIMES = ("consent_stated_at", "consent_given_at", "occurred_at", "created_at")
_POINTS = {"email": "email", "phone": "phone"}
Said = dict[str, dict[str, float]]


def statements(
    table: str,
    every: Sequence[Column],
    said: Said,
    key: Sequence[str],
    purposes: Collection[str] = (),
    beside: Sequence[str] = (),
) -> list[Proposal]:
    """The maps of a table of statements; none where it is not one. Columns without a value have nothing `said`; `purposes` are those that the
    company named itself, beside the product's; `beside` are names in the rows that are no columns."""
    columns = [column for column in every if column.name in said]
    if not _is_of_consent(table, columns, said):
        return []
    # a list of who refused says so of each of its rows, whatever else they say
    is_refusals = says_no(table) or says_no(table.rstrip("s"))
    status = None if is_refusals else _status(columns, said)
    if not status and not is_refusals:
        return []
    person, point = _first(columns, said, "person_key"), _point(columns, said)
    names = [
        *([Filled("person_key", (person.name,), 1.0, f"it is called {person.name}")] if person else []),
        *([Filled("contact_point", (point.name,), 1.0, "what the statement is for")] if point else []),
    ]
    if not names:
        return []
    own = Filled("source_key", tuple(key) or ("_row_key",), 1.0, "no two rows have the same")
    when = _time(columns, said, _TIMES)
    at = when or _time(columns, said, ("updated_at",))
    rest, constants, doubts = _what_for(columns, said, point, purposes)
    doubts += [] if when else ["no column says when it was stated"]
    doubts += [f"the day and the month of {when.name} may be the other way round"] if when and when.is_ambiguous else []
    doubts += _ends_in_doubt(columns, said)
    others = [column for column in every if column is not status]
    if no_of := unsettled(others, beside):
        doubts.append(f"{no_of} may say a no that is newer")
    if hiding := hidden(every, beside):
        doubts.append(f"{hiding[0]} may say that nobody writes to them")
    says: list[Filled] = []
    notes = [f"{table}: each row is taken for a refusal, which denies"]
    if status:
        says, notes = _says(status, doubts)
    else:
        constants |= {"status": "withdrawn"}
    if status and point and not person:
        notes.append(
            f"{point.name}: {point.filled:,} rows name an address and no person: a no denies everybody who has it, and a yes permits "
            "nobody: map person_key"
        )
    stated = [Filled("stated_at", (at.name,), 1.0, "when it was stated")] if at else []
    filled = [own, *names, *says, *stated, *rest, *_others(columns, said)]
    missing = () if at else ("stated_at",)
    found = [Proposal(ENTITY, tuple(filled), 0.9, missing=missing, constants=constants, notes=tuple(notes))]
    refusing = {c.name: one for c in columns if c is not status and (one := refusing_status(c))}
    return found + [_refused(name, one, at, (own, *names, *rest), constants) for name, one in refusing.items()]


def _says(status: Column, doubts: list[str]) -> tuple[list[Filled], list[str]]:
    """(status, notes). Where there are doubts no row grants."""
    yes = [value for value in status.values if _is_yes(value)]
    values = {} if doubts else dict.fromkeys(yes, "granted")
    notes = [f"{status.name}: every word but {', '.join(yes) or 'a yes'} denies: say in values what each means"]
    if yes and doubts:
        notes.append(f"{status.name}: {', '.join(yes)} is not mapped, for {'; '.join(doubts)}; a no is")
    ignored = tuple(yes) if doubts else ()
    return [Filled("status", (status.name,), 1.0, "it says yes or no", values, ignored, "withdrawn")], notes


def _is_of_consent(table: str, columns: Sequence[Column], said: Said) -> bool:
    """Whether the table's name says so, as a whole or by its end beside a purpose; or a purpose beside a legal ground, a wording or a time of consent."""
    about = ("consent_stated_at", "consent_wording", "legal_basis", "confirmed_at")
    has_purpose = bool(_first(columns, said, "consent_purpose"))
    named = entities_of(table).get(ENTITY, 0.0)
    return named >= (QUALIFIED if has_purpose else WHOLE) or (
        has_purpose and any(_first(columns, said, concept) for concept in about)
    )


def _status(columns: Sequence[Column], said: Said) -> Column | None:
    """The column of few words of which one is a plain yes or no; one that names the newsletter says what for too (consents.py)."""
    named = [
        c for c in columns
        if not c.is_time and {"status", "consent_email"} & said[c.name].keys() and not names_newsletter(c.name) and not says_no(c.name)
    ]  # fmt: skip
    return next((c for c in named if any(_is_yes(v) or _is_no(v) for v in c.values)), None)


def _is_yes(value: str) -> bool:
    return value in words_for("yes") and len(value) > 1


def _is_no(value: str) -> bool:
    return value in words_for("no") or bool(re.search(PLAIN_REFUSAL, value))


def _what_for(
    columns: Sequence[Column], said: Said, point: Column | None, purposes: Collection[str]
) -> tuple[list[Filled], dict[str, str], list[str]]:
    """(purpose and channel, constants, why a yes is none). What names no purpose or channel that is known denies all of them."""
    filled: list[Filled] = []
    constants: dict[str, str] = {}
    doubts: list[str] = []
    known = {"purpose": {*purposes, *(row["purpose"] for row in seed("purposes"))}, "channel": set(channels())}
    for target, words in known.items():
        column = _first(columns, said, f"consent_{target}")
        if column is None:
            constants[target] = _ALL
            doubts.append(f"no column says the {target}")
        elif column.values and set(column.values) <= words:
            filled.append(Filled(target, (column.name,), 1.0, f"its words are {target}s"))
        else:
            own = {value: value for value in column.values if value in words}
            filled.append(Filled(target, (column.name,), 0.5, "its other words are none that is known", own, (), _ALL))
            doubts.append(f"{column.name} has words that are no {target}")
    kind = _first(columns, said, "contact_point_type")
    if kind and set(kind.values) <= {"email", "phone", "post"}:
        filled.append(Filled("contact_point_type", (kind.name,), 1.0, f"it is called {kind.name}"))
    elif point and point.looks_like in _POINTS:
        constants["contact_point_type"] = _POINTS[point.looks_like]
    return filled, constants, doubts


def _ends_in_doubt(columns: Sequence[Column], said: Said) -> list[str]:
    """A grant that is not confirmed, or has ended, is none: where its time cannot be read nobody can say."""
    named = [c for c in columns if {"confirmed_at", "expires_at"} & said[c.name].keys()]
    return [f"{c.name} is not written as times in all its rows" for c in named if not c.is_time or c.is_ambiguous]


def _others(columns: Sequence[Column], said: Said) -> list[Filled]:
    found = []
    for target, concept in _PLAIN:
        column = _first(columns, said, concept)
        if column and column.is_time == target.endswith("_at"):
            found.append(Filled(target, (column.name,), 1.0, f"it is called {column.name}"))
    return found


def _refused(
    name: str, status: Filled, at: Column | None, whose: tuple[Filled, ...], constants: dict[str, str]
) -> Proposal:
    """What a column beside the status refuses, whatever the status is."""
    when = name if not status.values else at.name if at else None
    stated = [Filled("stated_at", (when,), 1.0, "when it was refused")] if when else []
    kept = {target: value for target, value in constants.items() if target != "status"}
    missing = () if when else ("stated_at",)
    note = f"{name}: taken for a refusal, which denies"
    return Proposal(ENTITY, (*whose, status, *stated), 0.9, missing=missing, constants=kept, name="_".join(words_of(name)), notes=(note,))  # fmt: skip


def _point(columns: Sequence[Column], said: Said) -> Column | None:
    named = (_first(columns, said, concept) for concept in ("contact_point", "email", "phone"))
    return next((column for column in named if column), None)


def _time(columns: Sequence[Column], said: Said, concepts: Sequence[str]) -> Column | None:
    times = [column for column in columns if column.is_time and not is_told_at(column)]
    return next((found for concept in concepts if (found := _first(times, said, concept))), None)


def _first(columns: Sequence[Column], said: Said, concept: str) -> Column | None:
    """The column that is surest of a concept."""
    named = [(said[c.name][concept], -place, c) for place, c in enumerate(columns) if concept in said[c.name]]
    return max(named, key=lambda one: one[:2])[2] if named else None
