"""Requests that a source delivers: each is taken up on the night that it comes, before anything is built of anybody.

What is asked by the command line is done at once (rights_cli.py, erase.py). Here: reading `raw_requests.requests`, whom each
is about, and what becomes of it. Not here: what a right asks for (privacy/).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from orchestration.errors import KundbildError
from orchestration.extract.records import now
from orchestration.home import Home, write_private
from orchestration.migrations import opened
from orchestration.privacy.audit import AuditLog, audit_log
from orchestration.privacy.catalogue import categories_with
from orchestration.privacy.corrections import others_with
from orchestration.privacy.erasure import erase_noted, hide
from orchestration.privacy.holds import held
from orchestration.privacy.noted import note_erasure
from orchestration.privacy.pepper import KEYED_HASH, find_pepper
from orchestration.privacy.request_words import KINDS, NEEDS_NO_CHECK, ended_purpose, read_kind
from orchestration.privacy.rights import (
    CLOSED,
    State,
    Subject,
    close_requests,
    correct,
    customers_of,
    note_request,
    prepare_requests,
    restrict,
    state_of,
    withdraw,
    withdraw_point,
    withdraw_record,
)
from orchestration.privacy.subject_access import as_json, as_page, export_subject
from orchestration.privacy.suppression import SuppressionList
from orchestration.privacy.withdrawals import LEDGER, prepare_withdrawals
from orchestration.settings import Settings
from orchestration.warehouse import has_table, scalar, transaction

SOURCE = "requests"
# who asked, of what a source delivered: anybody here is a second person
BY_SOURCE = f"source {SOURCE}"
# what a source calls a request is kept as it is where nobody can be meant by it, and cannot be taken for a keyed hash
_PLAIN = re.compile(rf"(?!{KEYED_HASH}$)[A-Za-z0-9][A-Za-z0-9_.:-]{{0,63}}")
_ANSWERS_KEPT = timedelta(days=31)
# those that still stand; one that waits is looked at every night
_STANDING = """
select request_id, kind, customer_id, email, source_record, field, value, coalesce(received_at, _extracted_at), coalesce(is_identity_checked, false)
from raw_requests.requests where _deleted_at is null order by 8, 1
"""


@dataclass(frozen=True)
class _Asked:
    """A request as it was delivered."""

    reference: str
    kind: str
    subjects: tuple[Subject, ...]
    is_said_once: bool
    field: str | None
    value: str | None
    received: datetime
    is_checked: bool
    # what it ends at once, also while it waits or is invalid; None where it ends nothing
    ends: str | None
    # of one that ends something: whoever has the address is denied, whomever else it names
    point: str | None

    @property
    def said(self) -> str:
        return self.subjects[0].said if self.subjects else ""


def take_up_requests(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, at: datetime) -> Counter[State]:
    """Does what standing requests ask for; `at` is UTC, naive. Returns how many ended in which state, of those that changed.

    A request of nobody's that is here is unknown, of two customers held, without an identity check unchecked. Held and
    unchecked ones wait. What refuses, restricts or may ask for an erasure denies contact even then: by the address, and by
    the customer where it says which. An erasure leaves the warehouse's file to be written anew (erase.py:
    finish_unfinished). Before the first night nothing is known of anybody: all wait, and deny by address and record.
    """
    outcome: Counter[State] = Counter()
    if SOURCE not in settings.enabled_sources or not has_table(con, "raw_requests", "requests"):
        return outcome
    prepare_requests(con)
    prepare_withdrawals(con)
    log = audit_log(home, settings.privacy)
    if not has_table(con, "identity", "customer_source_records"):
        for request in _read(con, log):
            _deny_unknown(con, request)
        return outcome
    _forget_answers(home, at)
    known = con.execute(
        "select reference, state, request_id from restricted.rights_requests where reference is not null"
    ).fetchall()
    closed = {reference: state for reference, state, _ in known}
    ids = {reference: request_id for reference, _, request_id in known}
    by_point = _first_column(con, f"select distinct source_key from {LEDGER} where entity = 'requests'")
    by_customer = _first_column(con, "select distinct request_id from identity.objections")
    standing = [r for r in _read(con, log) if closed.get(r.reference) not in (*CLOSED, "open", "waiting")]
    erasures: list[tuple[_Asked, str]] = []
    for request, customers in zip(standing, _customers(con, standing), strict=True):
        is_named = all(subject.email is None for subject in request.subjects)
        state = _state(request, customers, is_named=is_named)
        if state != "done":
            denied = customers if is_named or len(customers) == 1 else []
            is_noted = request.reference in closed if state == "unchecked" else closed.get(request.reference) == state
            said = "" if state == "invalid" else request.said
            if is_noted and _is_denied(request, denied, ids[request.reference], by_point, by_customer):
                continue
            with transaction(con):
                noted = ids[request.reference] if is_noted else _note(con, log, request, said, state, at)
                _deny(con, request, denied, noted)
            if not is_noted:
                _tell(log, request, said, state, noted, outcome)
        elif request.kind == "erase":
            erasures.append((request, customers[0]))
        else:
            _do(con, home, settings, log, request, customers, at, outcome, closed.get(request.reference))
    _decide_erasures(con, home, settings, log, erasures, at, outcome, closed)
    return outcome


def _customers(con: duckdb.DuckDBPyConnection, requests: Sequence[_Asked]) -> list[list[str]]:
    """Of each request the customers whom it names, in whatever way."""
    places = [(place, subject) for place, request in enumerate(requests) for subject in request.subjects]
    found: list[dict[str, None]] = [{} for _ in requests]
    for (place, _), customers in zip(places, customers_of(con, [subject for _, subject in places]), strict=True):
        found[place] |= dict.fromkeys(customers)
    return [list(customers) for customers in found]


def _state(request: _Asked, customers: Sequence[str], *, is_named: bool) -> State:
    """What becomes of a request about `customers`; `done` is what can be done."""
    if not request.is_checked and request.kind not in NEEDS_NO_CHECK:
        return "unchecked"
    if not _can_be_done(request):
        return "invalid"
    # of what closes, each way of saying whom is believed
    return "done" if request.kind in NEEDS_NO_CHECK and customers and is_named else state_of(customers)


def _first_column(con: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    return {value for (value,) in con.execute(query).fetchall()}


def _is_denied(
    request: _Asked, customers: Sequence[str], noted: str, by_point: set[str], by_customer: set[str]
) -> bool:
    """Whether what a request of an earlier night ends was ended then."""
    if request.ends is None:
        return True
    return (not request.point or noted in by_point) and (not customers or noted in by_customer)


def _deny(con: duckdb.DuckDBPyConnection, request: _Asked, customers: Sequence[str], noted: str) -> None:
    """What the request ends, ends now: for whoever has its address, or will have it, and for `customers`. Done once."""
    if request.ends is None:
        return
    if request.point:
        withdraw_point(con, request.point, request.received, noted, request.ends, "all")
    if not scalar(con, "select count(*) from identity.objections where request_id = $1", [noted]):
        for customer in customers:
            withdraw(con, customer, request.received, noted, request.ends, "all")


def _deny_unknown(con: duckdb.DuckDBPyConnection, request: _Asked) -> None:
    """The same where no night has made customers yet: by the address, and by the record."""
    if request.ends is None:
        return
    noted = f"{SOURCE}:{request.reference}"
    if request.point:
        withdraw_point(con, request.point, request.received, noted, request.ends, "all")
    for subject in request.subjects:
        if subject.source_record:
            withdraw_record(con, subject.source_record, request.received, noted, request.ends, "all")


def _decide_erasures(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    erasures: Sequence[tuple[_Asked, str]],
    at: datetime,
    outcome: Counter[State],
    was: dict[str, State],
) -> None:
    """Who is under a legal hold is kept; where a second person has to confirm an erasure, it waits, and restricts meanwhile."""
    if not erasures:
        return
    stopped = held(con, find_pepper(con, settings.privacy.pepper), [customer for _, customer in erasures], at.date())
    free = [(request, customer) for request, customer in erasures if customer not in stopped]
    for request, customer in erasures:
        if customer in stopped and was.get(request.reference) != "held":
            with transaction(con):
                noted = _note(con, log, request, customer, "held", at)
                _deny(con, request, [customer], noted)
            _tell(log, request, customer, "held", noted, outcome)
    if not free:
        return
    if not settings.privacy.second_person:
        _erase(con, home, settings, log, free, at, outcome)
        return
    for request, customer in free:
        with transaction(con):
            noted = note_request(
                con, "erase", log.keyed(customer), request.received, "waiting", reference=request.reference, asked_by=BY_SOURCE
            )  # fmt: skip
            restrict(con, customer, at, noted)
        _tell(log, request, customer, "waiting", noted, outcome)
    hide(con, home, [customer for _, customer in free])


def answer(home: Home, settings: Settings, subjects: Sequence[Subject]) -> list[State]:
    """Writes what is held of each subject below `subject_access` of the home folder. Raises WarehouseBusyError during a run."""
    home.prepare()
    log, at = audit_log(home, settings.privacy), now()
    states: list[State] = []
    with opened(home, settings.engine, "subject access") as con:
        for subject, customers in zip(subjects, customers_of(con, subjects), strict=True):
            state = state_of(customers)
            whom = customers[0] if state == "done" else subject.said
            noted = note_request(con, "export", log.keyed(whom), at, state)
            # noted first: no answer lies there of which the log does not tell
            log.append("export" if state == "done" else f"export-{state}", subject=whom, detail={"request": noted})
            if state == "done":
                _write_answer(con, home, settings, whom, at, noted)
            states.append(state)
    return states


def _write_answer(
    con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, customer: str, received: datetime, request: str
) -> None:
    pepper = find_pepper(con, settings.privacy.pepper)
    kinds = categories_with(settings.privacy.retention_days)
    document = export_subject(con, settings, pepper, customer, received, kinds)
    home.subject_access.mkdir(mode=0o700, exist_ok=True)
    write_private(home.subject_access / f"{request}.json", as_json(document))
    write_private(home.subject_access / f"{request}.html", as_page(document))


def _forget_answers(home: Home, at: datetime) -> None:
    """Answers to requests for data are sent within a month, or made anew."""
    for path in home.subject_access.glob("*"):
        if datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None) < at - _ANSWERS_KEPT:
            path.unlink()


def _read(con: duckdb.DuckDBPyConnection, log: AuditLog) -> list[_Asked]:
    return [
        _Asked(
            reference if _PLAIN.fullmatch(reference) else log.keyed(reference),
            kind,
            _subjects(customer, email, record),
            sum(map(bool, (customer, email, record))) == 1,
            field,
            value,
            received,
            is_checked,
            ends,
            email if ends and email else None,
        )
        for reference, written, customer, email, record, field, value, received, is_checked in con.execute(
            _STANDING
        ).fetchall()
        for kind, ends in [(read_kind(written), ended_purpose(written))]
    ]


def _subjects(customer: str | None, email: str | None, record: str | None) -> tuple[Subject, ...]:
    """Whom it names. An address counts where nothing else does: of what ends contact it is denied besides (`point`)."""
    named = [Subject(customer=customer)] if customer else []
    # a record is system:key
    named += [Subject(source_record=record)] if record and all(record.partition(":")) else []
    return tuple(named or ([Subject(email=email)] if email else []))


def _can_be_done(request: _Asked) -> bool:
    """Whether it asks for a right that there is, says whom it is about, and for a field where it corrects one. Two ways of
    saying whom may mean two people: only what closes believes both."""
    is_clear = bool(request.subjects) and (request.kind in NEEDS_NO_CHECK or request.is_said_once)
    return is_clear and request.kind in KINDS and (request.kind != "rectify" or bool(request.field))


def _do(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    request: _Asked,
    customers: Sequence[str],
    at: datetime,
    outcome: Counter[State],
    was: State | None,
) -> None:
    """What is not an erasure: noted and done in one transaction. What `was` held or invalid, and still is, is not noted again."""
    customer = customers[0]
    if request.kind == "rectify" and others_with(con, customer, {str(request.field): request.value}):
        # another customer has that address or number: a person has to look whose it is
        if was != "held":
            _tell(log, request, customer, "held", _note(con, log, request, customer, "held", at), outcome)
        return
    with transaction(con):
        noted = _note(con, log, request, customer, "open" if request.kind == "restrict" else "done", at)
        try:
            if request.kind == "object":
                _deny(con, request, customers, noted)
            elif request.kind == "restrict":
                for one in customers:
                    restrict(con, one, request.received, noted)
            elif request.kind == "rectify":
                correct(con, customer, {str(request.field): request.value}, at, noted)
        except KundbildError:
            # a field that cannot be corrected, a birth date that is none: a person has to look at it
            _note(con, log, request, customer, "invalid", at)
            _tell(log, request, customer, "invalid", noted, outcome)
            return
    if request.kind == "restrict":
        hide(con, home, list(customers))
        close_requests(con, "restrict", at)
    _tell(log, request, customer, "done", noted, outcome)
    for other in customers[1:]:
        log.append(request.kind, subject=other, detail={"request": noted})
    if request.kind == "export":
        _write_answer(con, home, settings, customer, request.received, noted)


def _erase(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    erasures: Sequence[tuple[_Asked, str]],
    at: datetime,
    outcome: Counter[State],
) -> None:
    """All in one pass. Open from when it is noted; killed after that, the next run or command finishes it."""
    suppression = SuppressionList.of(con, home, find_pepper(con, settings.privacy.pepper))
    noted: list[str] = []

    def note_requests() -> None:
        for request, customer in erasures:
            state: State = "open"
            noted.append(
                note_request(con, "erase", log.keyed(customer), request.received, state, reference=request.reference)
            )

    note_erasure(con, home, settings, sorted({customer for _, customer in erasures}), suppression, note_requests)
    erase_noted(con, home, settings)
    for (request, customer), request_id in zip(erasures, noted, strict=True):
        _tell(log, request, customer, "open", request_id, outcome)


def _note(con: duckdb.DuckDBPyConnection, log: AuditLog, request: _Asked, whom: str, state: State, at: datetime) -> str:
    kind = request.kind if request.kind in KINDS else "invalid"
    subject = log.keyed(whom) if whom else ""
    return note_request(con, kind, subject, request.received, state, reference=request.reference, closed=at)


def _tell(log: AuditLog, request: _Asked, whom: str, state: State, noted: str, outcome: Counter[State]) -> None:
    outcome[state] += 1
    kind = request.kind if request.kind in KINDS else "request"
    action = kind if state == "done" else "erased" if state == "open" else f"{kind}-{state}"
    log.append(action, subject=whom, detail={"request": noted})
