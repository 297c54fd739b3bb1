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
from orchestration.privacy.rights import (
    CLOSED,
    State,
    Subject,
    close_requests,
    correct,
    customers_of,
    note_request,
    object_to_marketing,
    prepare_requests,
    restrict,
    state_of,
    withdraw_point,
)
from orchestration.privacy.subject_access import as_json, as_page, export_subject
from orchestration.privacy.suppression import SuppressionList
from orchestration.privacy.withdrawals import REFUSAL, refuses
from orchestration.settings import Settings
from orchestration.warehouse import has_table, transaction

SOURCE = "requests"
# who asked, of what a source delivered: anybody here is a second person
BY_SOURCE = f"source {SOURCE}"
KINDS = ("erase", "export", "restrict", "rectify", "object")
# what a source calls a request is kept as it is where nobody can be meant by it, and cannot be taken for a keyed hash
_PLAIN = re.compile(rf"(?!{KEYED_HASH}$)[A-Za-z0-9][A-Za-z0-9_.:-]{{0,63}}")
_ANSWERS_KEPT = timedelta(days=31)
# those that are not closed yet; one that waits is looked at every night
_STANDING = """
select request_id, kind, customer_id, email, source_record, field, value, coalesce(received_at, _extracted_at)
from raw_requests.requests where _deleted_at is null and (coalesce(is_identity_checked, false) or {is_objection}) = $checked order by 8, 1
"""
# an objection in any of its words and spellings: to deny, nobody's identity has to be checked. What may ask to be erased is none
_OBJECTION = re.compile(rf"^(?!.*(remov|eras|forget|delet))(?=.*({REFUSAL}))")


@dataclass(frozen=True)
class _Asked:
    """A request as it was delivered; `subject` is None where it does not say, in one way, whom it is about."""

    reference: str
    kind: str
    subject: Subject | None
    field: str | None
    value: str | None
    received: datetime
    # of an objection: whoever has the address is denied, whomever else it names
    point: str | None = None
    # who objects ends direct marketing; who withdraws, and does not say what, everything
    purpose: str = "direct_marketing"


def take_up_requests(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, at: datetime) -> Counter[State]:
    """Does what standing requests ask for; `at` is UTC, naive. Returns how many ended in which state, of those that changed.

    A request of nobody's that is here is unknown, of two customers held, without an identity check unchecked. Held and
    unchecked ones wait. An objection by an address denies whoever has it even then.
    An erasure leaves the warehouse's file to be written anew (erase.py: finish_unfinished). Before the first night nothing
    is known of anybody, and all wait.
    """
    outcome: Counter[State] = Counter()
    is_ready = has_table(con, "raw_requests", "requests") and has_table(con, "identity", "customer_source_records")
    if SOURCE not in settings.enabled_sources or not is_ready:
        return outcome
    prepare_requests(con)
    _forget_answers(home, at)
    log = audit_log(home, settings.privacy)
    closed = dict(
        con.execute("select reference, state from restricted.rights_requests where reference is not null").fetchall()
    )
    for request in _read(con, log, checked=False):
        if request.reference not in closed:
            _note(con, log, request, request.subject.said if request.subject else "", "unchecked", at, outcome)
    asked = [r for r in _read(con, log, checked=True) if closed.get(r.reference) not in (*CLOSED, "open", "waiting")]
    valid = [request for request in asked if _can_be_done(request)]
    for request in asked:
        if request not in valid and closed.get(request.reference) != "invalid":
            _note(con, log, request, "", "invalid", at, outcome)
    found = customers_of(con, [r.subject for r in valid if r.subject])
    erasures: list[tuple[_Asked, str]] = []
    for request, customers in zip(valid, found, strict=True):
        assert request.subject
        state = state_of(customers)
        if state != "done":
            if closed.get(request.reference) != state:
                noted = _note(con, log, request, request.subject.said, state, at, outcome)
                if request.point:
                    # whoever has the address, or will have it, is denied meanwhile
                    withdraw_point(con, request.point, request.received, noted, request.purpose, "all")
        elif request.kind == "erase":
            erasures.append((request, customers[0]))
        else:
            _do(con, home, settings, log, request, customers[0], at, outcome, closed.get(request.reference))
    _decide_erasures(con, home, settings, log, erasures, at, outcome, closed)
    return outcome


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
            _note(con, log, request, customer, "held", at, outcome)
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


def _read(con: duckdb.DuckDBPyConnection, log: AuditLog, *, checked: bool) -> list[_Asked]:
    is_objection = (
        f"({refuses('kind')} and not coalesce(regexp_matches(lower(kind), 'remov|eras|forget|delet'), false))"
    )
    rows = con.execute(_STANDING.format(is_objection=is_objection), {"checked": checked}).fetchall()
    return [
        _Asked(
            reference if _PLAIN.fullmatch(reference) else log.keyed(reference),
            read_kind(kind),
            _subject(customer, None if is_named else email, None if is_named and customer else record),
            field,
            value,
            received,
            email if read_kind(kind) == "object" else None,
            "direct_marketing" if "object" in (kind or "").lower() else "all",
        )
        for reference, kind, customer, email, record, field, value, received in rows
        for is_named in [read_kind(kind) == "object" and bool(customer or record)]
    ]


def read_kind(written: str | None) -> str:
    kind = (written or "").strip().lower()
    return "object" if kind not in KINDS and _OBJECTION.search(kind) else kind


def _subject(customer: str | None, email: str | None, record: str | None) -> Subject | None:
    try:
        return Subject(customer=customer or None, email=email or None, source_record=record or None)
    except KundbildError:
        return None


def _can_be_done(request: _Asked) -> bool:
    """Whether it asks for a right that there is, of whom it says in one way, and for a field where it corrects one."""
    record = request.subject.source_record if request.subject else None
    is_of_whom = request.subject is not None and (record is None or ":" in record)
    return is_of_whom and request.kind in KINDS and (request.kind != "rectify" or bool(request.field))


def _do(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    request: _Asked,
    customer: str,
    at: datetime,
    outcome: Counter[State],
    was: State | None,
) -> None:
    """What is not an erasure: noted and done in one transaction. What `was` held or invalid, and still is, is not noted again."""
    if request.kind == "rectify" and others_with(con, customer, {str(request.field): request.value}):
        # another customer has that address or number: a person has to look whose it is
        if was != "held":
            _note(con, log, request, customer, "held", at, outcome)
        return
    with transaction(con):
        state: State = "open" if request.kind == "restrict" else "done"
        noted = note_request(
            con, request.kind, log.keyed(customer), request.received, state, reference=request.reference, closed=at
        )
        try:
            if request.kind == "object":
                object_to_marketing(con, customer, request.received, noted, request.purpose)
                if request.point:
                    withdraw_point(con, request.point, request.received, noted, request.purpose, "all")
            elif request.kind == "restrict":
                restrict(con, customer, request.received, noted)
            elif request.kind == "rectify":
                correct(con, customer, {str(request.field): request.value}, at, noted)
        except KundbildError:
            # a field that cannot be corrected, a birth date that is none: a person has to look at it
            note_request(
                con, request.kind, log.keyed(customer), request.received, "invalid", reference=request.reference
            )
            _tell(log, request, customer, "invalid", noted, outcome)
            return
    if request.kind == "restrict":
        hide(con, home, [customer])
        close_requests(con, "restrict", at)
    _tell(log, request, customer, "done", noted, outcome)
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


def _note(
    con: duckdb.DuckDBPyConnection,
    log: AuditLog,
    request: _Asked,
    whom: str,
    state: State,
    at: datetime,
    outcome: Counter[State],
) -> str:
    kind = request.kind if request.kind in KINDS else "invalid"
    noted = note_request(
        con, kind, log.keyed(whom) if whom else "", request.received, state, reference=request.reference, closed=at
    )
    _tell(log, request, whom, state, noted, outcome)
    return noted


def _tell(log: AuditLog, request: _Asked, whom: str, state: State, noted: str, outcome: Counter[State]) -> None:
    outcome[state] += 1
    kind = request.kind if request.kind in KINDS else "request"
    action = kind if state == "done" else "erased" if state == "open" else f"{kind}-{state}"
    log.append(action, subject=whom, detail={"request": noted})
