"""Requests as a source delivers them: what each asks, and whom it is about.

Here: reading `raw_requests.requests`, and noting in which state one is. Not here: what the words mean (request_words.py), what a request ends (denials.py), what
becomes of it (orchestration/run/requests.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.privacy.audit.log import AuditLog
from orchestration.privacy.intake.request_words import BY_SOURCE, KINDS, NEEDS_NO_CHECK, ended_purpose, read_kind
from orchestration.privacy.intake.withdrawals import EARLIEST
from orchestration.privacy.rights.requests import State, note_request
from orchestration.privacy.rights.subjects import Subject, customers_of, state_of
from orchestration.privacy.secrets.pepper import KEYED_HASH

# what a source calls a request is kept as it is where nobody can be meant by it, and cannot be taken for a keyed hash
_PLAIN = re.compile(rf"(?!{KEYED_HASH}$)[A-Za-z0-9][A-Za-z0-9_.:-]{{0,63}}")
# those that still stand; one that waits is looked at every night. As of statements (dbt: first_moment), a day weighs as its
# last moment, and a time that nobody can have meant as when it was first known. Its month begins when it came here at the latest
_STANDING = f"""
select request_id, kind, customer_id, email, source_record, field, value,
    case when received_at >= timestamp '{EARLIEST}' then least(received_at, _extracted_at) else _extracted_at end,
    coalesce(is_identity_checked, false),
    case when received_at >= timestamp '{EARLIEST}'
        then received_at + case when received_at::time = time '00:00' then interval 1 day - interval 1 microsecond else interval 0 day end
        else _extracted_at end
from raw_requests.requests where _deleted_at is null order by 8, 1
"""


@dataclass(frozen=True)
class Asked:
    """A request as it was delivered."""

    reference: str
    kind: str
    subjects: tuple[Subject, ...]
    is_said_once: bool
    field: str | None
    value: str | None
    received: datetime
    is_checked: bool
    # when what it ends counts as said
    said_at: datetime
    # what it ends at once, also while it waits or is invalid; None where it ends nothing
    ends: str | None
    # of one that ends something: whoever has the address is denied, whomever else it names
    point: str | None

    @property
    def said(self) -> str:
        return self.subjects[0].said if self.subjects else ""

    @property
    def records(self) -> list[str]:
        """The source records that it names, as system:key."""
        return [subject.source_record for subject in self.subjects if subject.source_record]


def note_asked(
    con: duckdb.DuckDBPyConnection, log: AuditLog, request: Asked, whom: str, state: State, at: datetime
) -> str:
    """Notes in which state a delivered request is; `whom` it is about is kept as a keyed hash. Returns its id."""
    return note_request(
        con, request.kind if request.kind in KINDS else "invalid", log.keyed(whom) if whom else "", request.received, state,
        reference=request.reference, closed=at, asked_by=BY_SOURCE if state == "waiting" else None,
    )  # fmt: skip


def read_requests(con: duckdb.DuckDBPyConnection, log: AuditLog) -> list[Asked]:
    return [
        Asked(
            reference if _PLAIN.fullmatch(reference) else log.keyed(reference),
            kind,
            _subjects(customer, email, record),
            sum(map(bool, (customer, email, record))) == 1,
            field,
            value,
            received,
            is_checked,
            said_at,
            ends,
            email if ends and email else None,
        )
        for reference, written, customer, email, record, field, value, received, is_checked, said_at in con.execute(
            _STANDING
        ).fetchall()
        for kind, ends in [(read_kind(written), ended_purpose(written))]
    ]


def _subjects(customer: str | None, email: str | None, record: str | None) -> tuple[Subject, ...]:
    """Whom it names. An address counts where nothing else does: of what ends contact it is denied besides (`point`)."""
    named = [Subject(customer=customer)] if customer else []
    # a record is system:key
    system, _, key = (part.strip() for part in (record or "").partition(":"))
    named += [Subject(source_record=f"{system}:{key}")] if system and key else []
    return tuple(named or ([Subject(email=email)] if email else []))


def customers_named(con: duckdb.DuckDBPyConnection, requests: Sequence[Asked]) -> list[list[str]]:
    """Of each request the customers whom it names, in whatever way."""
    places = [(place, subject) for place, request in enumerate(requests) for subject in request.subjects]
    found: list[dict[str, None]] = [{} for _ in requests]
    for (place, _), customers in zip(places, customers_of(con, [subject for _, subject in places]), strict=True):
        found[place] |= dict.fromkeys(customers)
    return [list(customers) for customers in found]


def state_of_request(request: Asked, customers: Sequence[str], *, is_named: bool) -> State:
    """What becomes of a request about `customers`; `done` is what can be done."""
    if not request.is_checked and request.kind not in NEEDS_NO_CHECK:
        return "unchecked"
    if not _can_be_done(request):
        return "invalid"
    # of what closes, each way of saying whom is believed
    return "done" if request.kind in NEEDS_NO_CHECK and customers and is_named else state_of(customers)


def _can_be_done(request: Asked) -> bool:
    """Whether it asks for a right that there is, says whom it is about, and for a field where it corrects one. Two ways of
    saying whom may mean two people: only what closes believes both."""
    is_clear = bool(request.subjects) and (request.kind in NEEDS_NO_CHECK or request.is_said_once)
    return is_clear and request.kind in KINDS and (request.kind != "rectify" or bool(request.field))
