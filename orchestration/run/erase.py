"""Erases people from the home folder, whole: finds them, notes, deletes, writes files anew, tells the audit log.

Here: the order of things, and what the beginning of every run has to finish or repeat. Not here: each step (privacy/).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from orchestration.core.clock import now
from orchestration.core.disk import Kept, saying_what_is_kept
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.migrations import migrate
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, open_warehouse, scalar, transaction
from orchestration.privacy.audit.exports import exports_with
from orchestration.privacy.audit.log import audit_log, person_asking
from orchestration.privacy.erasure.erasure import Erased, finish_erasures, hide
from orchestration.privacy.erasure.proof import (
    Planting,
    Proof,
    is_found,
    look_for,
    plant,
    planted_customers,
    take_out_kept,
)
from orchestration.privacy.erasure.searching import suppressed_found, what_to_do
from orchestration.privacy.intake.noted import note_erasure, suppress_noted
from orchestration.privacy.intake.raw_people import Unresolved
from orchestration.privacy.intake.suppression import SuppressionList, files_of, holds_entries, marked
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.rights.holds import Hold
from orchestration.privacy.rights.named import holds_on, named, note_unresolved_people, suppressed_unresolved
from orchestration.privacy.rights.register import set_state, waiting_request
from orchestration.privacy.rights.rights import (
    State,
    Subject,
    begun_restrictions,
    close_requests,
    note_request,
    restrict,
    suppressed_customers,
    withdraw,
    withdraw_by,
)
from orchestration.privacy.rights.rights_keys import object_unresolved, restrict_unresolved
from orchestration.privacy.rights.subject_rows import note_subject
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.publishing.shown import take_out_later_words

_SWEPT = "create table if not exists restricted.swept (digest varchar not null)"
_PROVED = (
    "create schema if not exists restricted; create table if not exists restricted.proved (digest varchar not null)"
)


@dataclass(frozen=True)
class Outcome:
    """What became of a request to erase. `state` is done, unknown (nobody here), waiting (for a second person) or held (a person
    decides among `candidates`, customers or records, or a legal `hold` keeps the data).

    `proof` is of the pass that it was done in, where that was asked for.
    """

    state: str
    request_id: str
    candidates: list[str]
    erased: Erased
    proof: Proof | None = None
    hold: Hold | None = None


_NOTHING = Erased(0, 0, 0, [], 0, [])


@dataclass
class Wish:
    """Somebody is to be erased: `said` is the customer, or what was said of whom (`subject`); `request` is there where it is
    noted already."""

    said: str
    customers: list[str]
    state: State
    hold: Hold | None = None
    request: str = ""
    subject: Subject | None = None
    # who is not a customer
    unresolved: Unresolved | None = None


def erase(
    home: Home,
    settings: Settings,
    subjects: Sequence[Subject],
    *,
    is_proved: bool = False,
    received: datetime | None = None,
) -> list[Outcome]:
    """Erases whom the subjects name, all in one pass over the files, which proves itself where it is to be proved.

    Who is under a legal hold is kept; where a second person has to confirm it, an erasure waits and restricts meanwhile. Both
    deny contact.
    `received` (UTC, naive) is when they asked for it; now unless given. Raises WarehouseBusyError during a run.
    """
    home.prepare()
    if settings.privacy.second_person:
        # before anything is noted
        person_asking()
    with saying_what_is_kept(home.root) as kept, home.lock("erasure"):
        migrate(home, settings.engine)
        finish_unfinished(home, settings)
        with open_warehouse(home, settings.engine) as con:
            found = named(con, settings, subjects)
            stopped = holds_on(con, settings, found)
        wishes = []
        for subject, one, hold in zip(subjects, found, stopped, strict=True):
            state = one.state
            if state == "done":
                state = "held" if hold else "waiting" if settings.privacy.second_person else "done"
            said = one.candidates[0] if len(one.candidates) == 1 else subject.said
            wishes.append(Wish(said, one.candidates, state, hold, subject=subject, unresolved=one.nobodys))
        return carry_out(home, settings, wishes, received or now(), kept, is_proved=is_proved)


def carry_out(
    home: Home, settings: Settings, wishes: Sequence[Wish], received: datetime, kept: Kept, *, is_proved: bool = False
) -> list[Outcome]:
    """Notes every wish, which `kept` is told, and erases those whose state is done. Needs the lock, nothing unfinished, and
    the warehouse closed."""
    log = audit_log(home, settings.privacy)
    planting, proof = None, None
    suppressed, exports = 0, list[str]()
    certain = sorted({wish.said for wish in wishes if wish.state == "done" and not wish.unresolved})
    unresolved = [wish.unresolved for wish in wishes if wish.state == "done" and wish.unresolved]
    is_any = bool(certain or unresolved)
    with open_warehouse(home, settings.engine) as con:
        pepper = find_pepper(con, settings.privacy.pepper)
        if any(wish.unresolved for wish in wishes):
            note_unresolved_people(con, settings)

        def note_requests() -> None:
            for wish in wishes:
                _note(con, settings, wish, log.keyed(wish.said), received)

        # a request is open from when its erasure is noted, and not before: killed sooner, nothing was asked
        if is_any:
            planting = plant(con, home, settings) if is_proved else None
            whom = [*certain, planting.canary.token] if planting else certain
            suppression = SuppressionList.of(con, home, pepper)
            suppressed = note_erasure(con, home, settings, whom, suppression, note_requests, kept, unresolved)
            ids = con.execute("select customer_id from restricted.erasing_customers").fetchall()
            exports = exports_with(con, pepper, [customer for (customer,) in ids])
        else:
            with transaction(con):
                note_requests()
            kept.is_noted = True
        waiting = [wish.said for wish in wishes if wish.state == "waiting" and not wish.unresolved]
        if waiting:
            # killed before it, the night after leaves them out, and every export does at once
            hide(con, home, waiting)
        if any(wish.state in ("waiting", "held") for wish in wishes):
            take_out_later_words(con, home)
    if planting:
        erased, proof = _prove(home, settings, planting)
        # a row in each table, and the line that could not be read, were the canary's
        erased = replace(erased, rows=erased.rows - len(planting.spots)) if erased else None
    else:
        erased = _finish(home, settings) if is_any else None
    whole = replace(erased, suppressed=suppressed, exports=exports) if erased else _NOTHING
    outcomes = []
    for wish in wishes:
        if wish.state == "done":
            detail: dict[str, int | str] = {"request": wish.request, "publications": len(whole.publications)}
            log.append("erased", subject=wish.said, detail=detail)
            outcomes.append(Outcome(wish.state, wish.request, [], whole, proof))
        else:
            log.append(f"erasure-{wish.state}", subject=wish.said, detail={"request": wish.request})
            outcomes.append(Outcome(wish.state, wish.request, wish.customers, _NOTHING, hold=wish.hold))
    return outcomes


def _note(con: duckdb.DuckDBPyConnection, settings: Settings, wish: Wish, subject: str, received: datetime) -> None:
    """Notes the wish as a request, or what becomes of the one that is noted. One that waits restricts until it is confirmed.
    One that waits or is held denies contact, whatever becomes of it: who asks to be erased objects at least."""
    state: State = "open" if wish.state == "done" else wish.state
    if not wish.request and state == "waiting":
        # asked for twice, it waits once
        wish.request = waiting_request(con, subject)
        if wish.request:
            return
    if wish.request:
        set_state(con, wish.request, state, now())
        if state == "held":
            _deny(con, settings, wish)
        return
    by = person_asking() if state == "waiting" else None
    wish.request = note_request(con, "erase", subject, received, state, closed=now(), asked_by=by)
    if state == "waiting" and wish.unresolved:
        note_subject(con, settings, wish.unresolved)
        restrict_unresolved(con, find_pepper(con, settings.privacy.pepper), wish.unresolved, now(), wish.request)
    elif state == "waiting":
        restrict(con, wish.said, now(), wish.request)
    if state in ("waiting", "held"):
        _deny(con, settings, wish)


def _deny(con: duckdb.DuckDBPyConnection, settings: Settings, wish: Wish) -> None:
    """Of several customers with one address, which of them asked is not known: by the address alone."""
    if wish.unresolved:
        note_subject(con, settings, wish.unresolved)
        pepper = find_pepper(con, settings.privacy.pepper)
        object_unresolved(con, pepper, wish.unresolved, now(), wish.request, "all", "all")
    for customer in wish.customers if not wish.unresolved and (len(wish.customers) == 1 or not wish.subject) else []:
        withdraw(con, customer, now(), wish.request, "all", "all")
    if wish.subject:
        withdraw_by(con, wish.subject, now(), wish.request, "all", "all")


def prove(home: Home, settings: Settings) -> Proof:
    """Runs the proof on the home folder and notes it in the audit log. Raises WarehouseBusyError during a run."""
    home.prepare()
    with home.lock("proof of erasure"):
        if not home.warehouse.exists():
            raise KundbildError("there is no warehouse to prove anything of", to_do="`kundbild run` makes one")
        migrate(home, settings.engine)
        finish_unfinished(home, settings)
        with open_warehouse(home, settings.engine) as con:
            if not has_table(con, "identity", "customer_source_records"):
                raise KundbildError("no night has made customers yet", to_do="`kundbild run`, then prove it")
            planting = plant(con, home, settings)
            note_erasure(con, home, settings, [planting.canary.token], None)
        return _prove(home, settings, planting)[1]


def prove_of_night(home: Home, settings: Settings) -> str | None:
    """Looks for whoever was erased in every file, once after each change of the suppression list. Needs the lock, and the
    warehouse closed.

    Returns what the night should say of it; None where there is nothing new to look for, or it is not to be done. It never
    fails a night: who is found is told, each night anew, until it is fixed.
    """
    if not settings.privacy.prove_erasures or not home.warehouse.exists():
        return None
    with open_warehouse(home, settings.engine) as con:
        con.execute(_PROVED)
        suppression = _suppression(con, home, settings)
        digest = _digest(suppression)
        suppressor = Suppressor(suppression, settings.identity.default_country)
        if not suppressor.count or scalar(con, "select digest from restricted.proved") == digest:
            return None
    found = suppressed_found(home, settings, suppressor)
    detail = {"holds": int(not found), "suppressed": suppressor.count, "places": len(found)}
    audit_log(home, settings.privacy).append("erasure-searched", detail=detail)
    if found:
        more = f" and {len(found) - 3} places more" if len(found) > 3 else ""
        return (
            f"Somebody who was erased is still found in {', '.join(found[:3])}{more}: `kundbild prove-erasure` lists all. "
            f"{what_to_do(home, found)}"
        )
    with open_warehouse(home, settings.engine) as con:
        con.execute("delete from restricted.proved")
        con.execute("insert into restricted.proved values ($digest)", {"digest": digest})
    return f"Who was erased is nowhere: {suppressor.count:,} keyed hashes were looked for in every file"


def _prove(home: Home, settings: Settings, planting: Planting) -> tuple[Erased | None, Proof]:
    """Erases the canary, which is noted, and whoever is noted beside it; then looks for everybody in what is left."""
    found_before = is_found(home, planting)
    erased = _finish(home, settings, laid_open=planting.spots)
    with open_warehouse(home, settings.engine) as con:
        suppressor = Suppressor(_suppression(con, home, settings), settings.identity.default_country)
    proof = look_for(home, settings, planting, found_before, suppressor)
    detail = {"holds": int(proof.holds), "files": len(proof.files), "suppressed": proof.suppressed}
    audit_log(home, settings.privacy).append("erasure-proved", detail=detail)
    return erased, proof


def finish_unfinished(home: Home, settings: Settings) -> None:
    """What a killed erasure or restriction left, and whoever came back with a backup: before anything else. Needs the lock."""
    if not home.warehouse.exists():
        return
    left: list[str] = []
    if home.erasure_mark.exists():
        with open_warehouse(home, settings.engine) as con:
            left = planted_customers(con)
            if left:
                note_erasure(con, home, settings, left, None)
            # noted, and killed before they were suppressed
            suppress_noted(con, _suppression(con, home, settings))
    finished = _finish(home, settings)
    if finished:
        _tell(home, settings, "erasure-finished", finished)
    with open_warehouse(home, settings.engine) as con:
        if left:
            take_out_kept(con)
        begun = begun_restrictions(con)
        if begun:
            hide(con, home, begun)
            close_requests(con, "restrict", now())
    with open_warehouse(home, settings.engine) as con:
        suppression = _suppression(con, home, settings)
        con.execute(_SWEPT)
        if scalar(con, "select digest from restricted.swept") == _digest(suppression):
            return
        suppressor = Suppressor(suppression, settings.identity.default_country)
        back = suppressed_customers(con, suppressor)
        set_aside = suppressed_unresolved(con, settings, suppressor)
        if back or set_aside:
            note_erasure(con, home, settings, back, suppression, unresolved=set_aside)
    again = _finish(home, settings)
    if again:
        _tell(home, settings, "erased-again", again)
    _note_swept(home, settings)


def _tell(home: Home, settings: Settings, action: str, erased: Erased) -> None:
    detail = {"records": erased.records, "rows": erased.rows, "publications": len(erased.publications)}
    audit_log(home, settings.privacy).append(action, detail=detail)


def _finish(home: Home, settings: Settings, *, laid_open: Sequence[tuple[str, str]] = ()) -> Erased | None:
    erased = finish_erasures(home, settings, laid_open=laid_open)
    if erased:
        with open_warehouse(home, settings.engine) as con:
            close_requests(con, "erase", now())
        _note_swept(home, settings)
    return erased


def _note_swept(home: Home, settings: Settings) -> None:
    with open_warehouse(home, settings.engine) as con:
        suppression = _suppression(con, home, settings)
        con.execute(_SWEPT)
        con.execute("delete from restricted.swept")
        con.execute("insert into restricted.swept values ($digest)", {"digest": _digest(suppression)})


def fix_suppression(home: Home, settings: Settings) -> int:
    """Puts back what one copy of the suppression list lost and the other one has. Returns how many entries. Needs the lock."""
    if not home.warehouse.exists():
        return 0
    with open_warehouse(home, settings.engine) as con:
        # without an entry there is nothing to fix, and no pepper is asked for
        return _suppression(con, home, settings).fix() if holds_entries(files_of(con, home)) else 0


def accept_suppression(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> tuple[int, int]:
    """Takes a suppression list that lost entries for whole, and notes it. Returns (entries that were known, entries left)."""
    if not marked(con):
        return 0, 0
    known, there = _suppression(con, home, settings).accept()
    if there < known:
        audit_log(home, settings.privacy).append("suppression-acknowledged", detail={"known": known, "left": there})
    return known, there


def _digest(suppression: SuppressionList) -> str:
    return hashlib.sha256(repr(sorted(suppression.standing())).encode()).hexdigest()


def _suppression(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> SuppressionList:
    return SuppressionList.of(con, home, find_pepper(con, settings.privacy.pepper))
