"""Requests that a source delivers: each is taken up on the night that it comes, before anything is built of anybody.

What is asked by the command line is done at once (cli/rights.py, erase.py). Here: what becomes of a request. Not here: how it
is read (privacy/rights/delivered_requests.py), what it ends at once (privacy/rights/denials.py), what a right asks for (privacy/).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, transaction
from orchestration.privacy.audit.log import AuditLog, audit_log
from orchestration.privacy.erasure.erasure import erase_noted, hide
from orchestration.privacy.intake.noted import note_erasure
from orchestration.privacy.intake.raw_people import Unresolved
from orchestration.privacy.intake.request_words import KINDS, SOURCE
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.intake.withdrawals import prepare_withdrawals
from orchestration.privacy.rights.correction_checks import others_with
from orchestration.privacy.rights.corrections import correct
from orchestration.privacy.rights.delivered_requests import (
    Asked,
    customers_named,
    note_asked,
    read_requests,
    state_of_request,
)
from orchestration.privacy.rights.denials import Denials, deny, deny_beside
from orchestration.privacy.rights.holds import held
from orchestration.privacy.rights.named import named
from orchestration.privacy.rights.requests import SETTLED, State, close_requests, prepare_requests
from orchestration.privacy.rights.restrictions import restrict
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.answers import forget_answers, write_answer
from orchestration.run.requests_of_nobody import do_of_nobody


def take_up_requests(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, at: datetime) -> Counter[State]:
    """Does what standing requests ask for; `at` is UTC, naive. Returns how many ended in which state, of those that changed.

    A request of nobody's that is here is unknown, of two customers held, without an identity check unchecked. Held and
    unchecked ones wait. What refuses, restricts or may ask for an erasure denies contact even then: by the address, and by
    the customer where it says which. An erasure leaves the warehouse's file to be written anew (erase.py:
    finish_unfinished). Before the first night nothing is known of anybody: all are noted as received and taken up by the next
    night, and deny by address and record.
    """
    outcome: Counter[State] = Counter()
    if SOURCE not in settings.enabled_sources or not has_table(con, "raw_requests", "requests"):
        return outcome
    prepare_requests(con)
    prepare_withdrawals(con)
    log = audit_log(home, settings.privacy)
    known = con.execute(
        "select reference, state, request_id from restricted.rights_requests where reference is not null"
    ).fetchall()
    closed = {reference: state for reference, state, _ in known}
    if not has_table(con, "identity", "customer_source_records"):
        for request in read_requests(con, log):
            deny(con, request, [], f"{SOURCE}:{request.reference}")
            if request.reference not in closed:
                _tell(log, request, "", "received", note_asked(con, log, request, "", "received", at), outcome)
        return outcome
    forget_answers(con, home, at)
    ids = {reference: request_id for reference, _, request_id in known}
    denials = Denials.noted(con)
    nobodys: list[tuple[Asked, Unresolved]] = []
    standing = [r for r in read_requests(con, log) if closed.get(r.reference) not in (*SETTLED, "open", "waiting")]
    erasures: list[tuple[Asked, str]] = []
    for request, customers in zip(standing, customers_named(con, standing), strict=True):
        is_named = all(subject.email is None for subject in request.subjects)
        state = state_of_request(request, customers, is_named=is_named)
        if state == "unknown" and (whom := _nobodys(con, settings, request)):
            nobodys.append((request, whom))
            continue
        if state != "done":
            denied = customers if is_named or len(customers) == 1 else []
            was = closed.get(request.reference)
            # an unchecked one stays what an earlier night found it to be
            is_noted = was not in (None, "received") if state == "unchecked" else was == state
            said = "" if state == "invalid" else request.said
            if is_noted and denials.cover(request, denied, ids[request.reference]):
                continue
            with transaction(con):
                noted = ids[request.reference] if is_noted else note_asked(con, log, request, said, state, at)
                deny(con, request, denied, noted)
            if not is_noted:
                _tell(log, request, said, state, noted, outcome)
        elif request.kind == "erase":
            erasures.append((request, customers[0]))
        else:
            _do(con, home, settings, log, request, customers, at, outcome, closed.get(request.reference))
    _decide_erasures(con, home, settings, log, erasures, at, outcome, closed)
    _do_of_nobodys(con, home, settings, log, nobodys, at, outcome, closed)
    return outcome


def _do_of_nobodys(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    nobodys: Sequence[tuple[Asked, Unresolved]],
    at: datetime,
    outcome: Counter[State],
    was: dict[str, State],
) -> None:
    for request, whom in nobodys:
        before = was.get(request.reference)
        state, noted = do_of_nobody(con, home, settings, log, request, whom, at, before)
        if before != state:
            _tell(log, request, whom.handle, state, noted, outcome)


def _nobodys(con: duckdb.DuckDBPyConnection, settings: Settings, request: Asked) -> Unresolved | None:
    """Whom a request of no customer's is about, where anything is held of them."""
    if len(request.subjects) != 1:
        return None
    return named(con, settings, request.subjects)[0].nobodys


def _decide_erasures(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    erasures: Sequence[tuple[Asked, str]],
    at: datetime,
    outcome: Counter[State],
    was: dict[str, State],
) -> None:
    """Who is under a legal hold is kept; where a second person has to confirm an erasure, it waits, and restricts meanwhile.
    Both deny contact, also where the erasure is refused later: who asks for it objects at least (Art. 17(1)(c))."""
    if not erasures:
        return
    stopped = held(con, find_pepper(con, settings.privacy.pepper), [customer for _, customer in erasures], at.date())
    free = [(request, customer) for request, customer in erasures if customer not in stopped]
    for request, customer in erasures:
        if customer in stopped:
            with transaction(con):
                noted = note_asked(con, log, request, customer, "held", at)
                deny(con, request, [customer], noted)
            if was.get(request.reference) != "held":
                _tell(log, request, customer, "held", noted, outcome)
    if not free:
        return
    if not settings.privacy.second_person:
        _erase(con, home, settings, log, free, at, outcome)
        return
    for request, customer in free:
        with transaction(con):
            noted = note_asked(con, log, request, customer, "waiting", at)
            restrict(con, customer, at, noted)
            deny(con, request, [customer], noted)
        _tell(log, request, customer, "waiting", noted, outcome)
    hide(con, home, [customer for _, customer in free])


def _do(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    request: Asked,
    customers: Sequence[str],
    at: datetime,
    outcome: Counter[State],
    was: State | None,
) -> None:
    """What is not an erasure: noted and done in one transaction. What `was` held or invalid, and still is, is not noted again."""
    customer = customers[0]
    if request.kind == "rectify" and others_with(con, customer, {str(request.field): request.value}):
        # another customer has that address or number, or that name and birth date: a person has to look whose it is
        if was != "held":
            _tell(log, request, customer, "held", note_asked(con, log, request, customer, "held", at), outcome)
        return
    with transaction(con):
        noted = note_asked(con, log, request, customer, "open" if request.kind == "restrict" else "done", at)
        try:
            if request.kind == "object":
                deny(con, request, customers, noted)
            elif request.kind == "restrict":
                for one in customers:
                    restrict(con, one, request.received, noted)
                deny_beside(con, request, customers, noted)
            elif request.kind == "rectify":
                correct(con, customer, {str(request.field): request.value}, at, noted)
        except KundbildError:
            # a field that cannot be corrected, a birth date that is none: a person has to look at it
            note_asked(con, log, request, customer, "invalid", at)
            _tell(log, request, customer, "invalid", noted, outcome)
            return
        if request.kind == "export":
            # what is not written, as on a full disk, does not count as answered
            write_answer(con, home, settings, customer, request.received, noted)
    if request.kind == "restrict":
        hide(con, home, list(customers))
        close_requests(con, "restrict", at)
    _tell(log, request, customer, "done", noted, outcome)
    for other in customers[1:]:
        log.append(request.kind, subject=other, detail={"request": noted})


def _erase(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    erasures: Sequence[tuple[Asked, str]],
    at: datetime,
    outcome: Counter[State],
) -> None:
    """All in one pass. Open from when it is noted; killed after that, the next run or command finishes it."""
    suppression = SuppressionList.of(con, home, find_pepper(con, settings.privacy.pepper))
    noted: list[str] = []

    def note_requests() -> None:
        noted.extend(note_asked(con, log, request, customer, "open", at) for request, customer in erasures)

    note_erasure(con, home, settings, sorted({customer for _, customer in erasures}), suppression, note_requests)
    erase_noted(con, home, settings)
    for (request, customer), request_id in zip(erasures, noted, strict=True):
        _tell(log, request, customer, "open", request_id, outcome)


def _tell(log: AuditLog, request: Asked, whom: str, state: State, noted: str, outcome: Counter[State]) -> None:
    outcome[state] += 1
    kind = request.kind if request.kind in KINDS else "request"
    action = kind if state == "done" else "erased" if state == "open" else f"{kind}-{state}"
    log.append(action, subject=whom, detail={"request": noted})
