"""Erases people from the home folder: finds them, notes the request, deletes, writes files anew, tells the audit log.

Here: the order of things. Not here: each step (privacy/), what a killed erasure left (unfinished.py), the proof
(prove_erasure.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from orchestration.core.clock import now
from orchestration.core.disk import Kept, saying_what_is_kept
from orchestration.core.home import Home
from orchestration.core.migrations import migrate
from orchestration.core.settings import Settings
from orchestration.core.warehouse import open_warehouse, transaction
from orchestration.privacy.audit.asking import person_asking
from orchestration.privacy.audit.exports import exports_with
from orchestration.privacy.audit.log import audit_log
from orchestration.privacy.erasure.erasure import Erased, hide
from orchestration.privacy.erasure.proof import Proof, plant
from orchestration.privacy.intake.noted import note_erasure
from orchestration.privacy.intake.raw_people import Unresolved
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.rights.holds import Hold
from orchestration.privacy.rights.named import holds_on, named, note_unresolved_people
from orchestration.privacy.rights.objections import withdraw, withdraw_by
from orchestration.privacy.rights.register import set_state, waiting_request
from orchestration.privacy.rights.requests import State, note_request
from orchestration.privacy.rights.restrictions import restrict
from orchestration.privacy.rights.rights_keys import object_unresolved, restrict_unresolved
from orchestration.privacy.rights.subject_keys import note_subject
from orchestration.privacy.rights.subjects import Subject
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.publishing.shown import take_out_later_words
from orchestration.run.prove_erasure import prove_planted
from orchestration.run.unfinished import finish, finish_unfinished


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
        erased, proof = prove_planted(home, settings, planting)
        # a row in each table, and the line that could not be read, were the canary's
        erased = replace(erased, rows=erased.rows - len(planting.spots)) if erased else None
    else:
        erased = finish(home, settings) if is_any else None
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
