"""Tables of statements of consent, a row for each: who said yes or no, to what, by which channel and when → consent events.

A yes is proposed as a grant only where the row says all of it in words that are known; every other word denies. Not here: columns of
consent in a table of people (consents.py, refusals.py), what a permission needs (docs/consent.md).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from orchestration.contracts.channels import channels
from orchestration.contracts.seeds import seed
from orchestration.contracts.words import ENDING, QUALIFIED, WHOLE, entities_of, words_for, words_of
from orchestration.privacy.intake.withdrawals import PLAIN_REFUSAL
from orchestration.proposals.columns import Column
from orchestration.proposals.list_names import is_log, is_state, lists_refusals, may_list_refusals
from orchestration.proposals.proposal import Filled, Proposal
from orchestration.proposals.refusals import (
    HOLDS_FROM_NOW,
    UNDATED,
    dated_yes,
    hidden,
    is_told_at,
    names_newsletter,
    refusing_status,
    says_no,
    unsettled,
)

ENTITY = "consent_events"
# of all a refusal may be of; no grant is
_ALL = "all"
_PLAIN = (
    ("confirmed_at", "confirmed_at"), ("expires_at", "expires_at"), ("wording_version", "consent_wording"),
    ("legal_basis", "legal_basis"), ("capture_source", "capture_source"),
)  # fmt: skip
# given_on is of a consent only where the table is one of consents: beside people it may be of a gift
_TIMES = ("consent_stated_at", "consent_given_at", "occurred_at", "created_at")
_POINT_CONCEPTS = ("contact_point", "email", "phone")
# what a table of people says of them
_PEOPLE = ("full_name", "given_name", "family_name", "birth_date", "street", "postal_code")
_POINTS = ("email", "phone")
Said = dict[str, dict[str, float]]


def statements(
    table: str,
    every: Sequence[Column],
    said: Said,
    key: Sequence[str],
    purposes: Collection[str] = (),
    beside: Sequence[str] = (),
    *,
    is_another: bool = False,
) -> list[Proposal]:
    """The maps of a table of statements; none where it is not one. Columns without a value have nothing `said`; `purposes` are those that the
    company named itself, beside the product's; `beside` are names in the rows that are no columns. Where it `is_another` entity by its
    columns, a name that refuses makes it no list of people: declined orders."""
    columns = [column for column in every if column.name in said]
    is_consent = _is_of_consent(table, columns, said)
    # a list of who refused says so of each of its rows, whatever else they say
    is_refusals = (lists_refusals(table) and not is_another) or (is_consent and may_list_refusals(table))
    if is_refusals:
        return _list(table, columns, said, key, purposes)
    if not is_consent:
        return []
    statuses = _statuses(columns, said)
    status = statuses[0] if statuses else None
    person, point = _first(columns, said, "person_key"), _point(columns, said)
    names = _names(person, point)
    if not names:
        return []
    own = _own(key)
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
    doubts += [f"{other.name} may say another thing than {statuses[0].name}" for other in statuses[1:]]
    # a row that is written over keeps the day of its yes
    is_written_over = is_state(table) or bool(_time(columns, said, ("updated_at",)))
    # when a row was made says of it only where no row is changed
    is_written_over |= bool(when and _is_made_at(when.name, said) and not is_log(table))
    dates_no = at is not when or (when is not None and _dates_no(when.name, said, is_written_over=is_written_over))
    found = []
    if status:
        says, notes = _says(status, doubts)
        yes = list(says[0].values)
        stated = _stated(at) if dates_no else [dated_yes(status.name, yes, at.name)] if at and yes else []
        filled = (own, *names, *stated, *rest, *_others(columns, said))
        if point and not person:
            notes.append(
                f"{point.name}: {point.filled:,} rows name an address and no person: a no denies everybody who has it, and a yes permits "
                "nobody: map person_key"
            )
        if not at:
            notes.append(f"{status.name}: {HOLDS_FROM_NOW}")
        elif not dates_no:
            notes.append(
                f"{status.name}: {at.name} may be of the yes, so a no holds from the night that first reads it"
            )
        found = [Proposal(ENTITY, (*filled, *says), 0.9, constants=constants, notes=tuple(notes))]
    when_no, whose = at if dates_no else None, (own, *names, *rest)
    beside_it = {c.name: (c, one) for c in columns if c is not status and (one := _refuses(c, statuses))}
    return found + [_refused(c, one, when_no, whose, constants) for c, one in beside_it.values()]


def _list(
    table: str, columns: Sequence[Column], said: Said, key: Sequence[str], purposes: Collection[str]
) -> list[Proposal]:
    """The maps of a list of who refused: one for the person and an address, and of those who are known by other addresses one for each."""
    person = _first(columns, said, "person_key")
    points = [c for concept in _POINT_CONCEPTS if (c := _first(columns, said, concept))]
    told = next((c for c in columns if is_told_at(c) and not c.is_ambiguous), None)
    # beside people, a row may be there since they are customers: a no of then would be older than the yes that it takes back
    is_of_people = any(concept in said[c.name] for concept in _PEOPLE for c in columns) or "people" in entities_of(
        table
    )
    # nor by when somebody said yes
    times = [c for c in columns if "consent_stated_at" not in said[c.name] or words_of(c.name)[0] == "stated"]
    concepts = ("consent_stated_at", "occurred_at", *(() if is_of_people else ("created_at",)))
    at = told or _time(times, said, concepts)
    found: list[Proposal] = []
    for point in dict.fromkeys(points) or ([None] if person else []):
        rest, constants, _ = _what_for(columns, said, point, purposes)
        notes = (
            f"{table}: each row is taken for a refusal, which denies",
            *([] if at else [f"{table}: {HOLDS_FROM_NOW}"]),
        )
        filled = (_own(key), *_names(person, point), *_stated(at), *rest, *_others(columns, said))
        name = "_".join(words_of(point.name)) if found and point else ""
        found.append(
            Proposal(ENTITY, filled, 0.9, constants=constants | {"status": "withdrawn"}, name=name, notes=notes)
        )
    return found


def _names(person: Column | None, point: Column | None) -> list[Filled]:
    return [
        *([Filled("person_key", (person.name,), 1.0, f"it is called {person.name}")] if person else []),
        *([Filled("contact_point", (point.name,), 1.0, "what the statement is for")] if point else []),
    ]


def _own(key: Sequence[str]) -> Filled:
    return Filled("source_key", tuple(key) or ("_row_key",), 1.0, "no two rows have the same")


def _stated(at: Column | None) -> list[Filled]:
    return [Filled("stated_at", (at.name,), 1.0, "when it was stated")] if at else []


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


def _refuses(column: Column, statuses: Sequence[Column]) -> Filled | None:
    """What a column beside the status denies, whatever the status says. No word is written that is not known, for it may be about
    somebody: of an answer it denies too."""
    if (told := refusing_status(column)) or column not in statuses or not any(map(_is_no, column.values)):
        return told
    refusing = [v for v in column.values if v in words_for("no") | words_for("doubt")]
    standing = [v for v in column.values if v in words_for("yes") | words_for("standing")]
    denies = "withdrawn" if _unknown(column) else ""
    why = f"{', '.join(refusing)} refuses"
    return Filled("status", (column.name,), 0.9, why, dict.fromkeys(refusing, "withdrawn"), ("", *standing), denies)


def _unknown(column: Column) -> list[str]:
    known = frozenset[str]().union(*map(words_for, ("yes", "no", "doubt", "standing")))
    return [value for value in column.values if value not in known]


def _statuses(columns: Sequence[Column], said: Said) -> list[Column]:
    """The columns of few words of which one is a plain yes or no; one that names the newsletter says what for too (consents.py)."""
    named = [
        c for c in columns
        if not c.is_time and _names_status(said[c.name]) and not names_newsletter(c.name) and not says_no(c.name)
    ]  # fmt: skip
    return [c for c in named if any(_is_yes(v) or _is_no(v) for v in c.values)]


def _names_status(said: dict[str, float]) -> bool:
    return bool({"status", "consent_email"} & said.keys()) or said.get("consent_status", 0.0) > ENDING


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
    elif (
        point and (is_a := point.looks_like or next((one for one in _POINTS if one in said[point.name]), "")) in _POINTS
    ):
        constants["contact_point_type"] = is_a
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
    column: Column, status: Filled, at: Column | None, whose: tuple[Filled, ...], constants: dict[str, str]
) -> Proposal:
    """What a column beside the status refuses, whatever the status is."""
    when = column.name if is_told_at(column) else at.name if at else None
    stated = [Filled("stated_at", (when,), 1.0, "when it was refused")] if when else []
    note = f"{column.name}: taken for a refusal, which denies" + ("" if when else f"; {HOLDS_FROM_NOW}")
    if status.otherwise and not is_told_at(column):
        note += f"; so do {len(_unknown(column))} other words of it, until `values` says what each means"
    status = status if when else replace(status, otherwise=UNDATED)
    return Proposal(ENTITY, (*whose, status, *stated), 0.9, constants=constants, name="_".join(words_of(column.name)), notes=(note,))  # fmt: skip


def _point(columns: Sequence[Column], said: Said) -> Column | None:
    # is_mobile is no number
    told = [column for column in columns if column.kind != "BOOLEAN" and not column.is_flag]
    named = (_first(told, said, concept) for concept in _POINT_CONCEPTS)
    return next((column for column in named if column), None)


def _time(columns: Sequence[Column], said: Said, concepts: Sequence[str]) -> Column | None:
    times = [column for column in columns if column.is_time and not is_told_at(column)]
    return next((found for concept in concepts if (found := _first(times, said, concept))), None)


def _dates_no(name: str, said: Said, *, is_written_over: bool) -> bool:
    """Whether the time of a row is of its no too: of a statement, and not of a yes that was given or of a row that was written over since."""
    is_of_yes = {"consent_stated_at", "consent_given_at"} & said[name].keys() and words_of(name)[:1] != ["stated"]
    return words_of(name)[:1] == ["stated"] or not (is_of_yes or is_written_over)


def _is_made_at(name: str, said: Said) -> bool:
    return not {"consent_stated_at", "consent_given_at", "occurred_at"} & said[name].keys()


def _first(columns: Sequence[Column], said: Said, concept: str) -> Column | None:
    """The column that is surest of a concept."""
    named = [(said[c.name][concept], -place, c) for place, c in enumerate(columns) if concept in said[c.name]]
    return max(named, key=lambda one: one[:2])[2] if named else None
