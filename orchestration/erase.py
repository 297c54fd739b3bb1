"""Erases people from the home folder, whole: finds them, notes, deletes, writes files anew, tells the audit log.

Here: the order of things, and what the beginning of every run has to finish or repeat. Not here: each step (privacy/).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from orchestration.errors import KundbildError
from orchestration.extract.records import now
from orchestration.home import Home
from orchestration.migrations import migrate
from orchestration.privacy.audit import audit_log
from orchestration.privacy.erasure import Erased, finish_erasures, hide
from orchestration.privacy.exports import exports_with
from orchestration.privacy.noted import note_erasure, suppress_noted
from orchestration.privacy.pepper import find_pepper
from orchestration.privacy.proof import Planting, Proof, is_found, look_for, plant, planted_customers, take_out_kept
from orchestration.privacy.rights import (
    State,
    Subject,
    begun_restrictions,
    close_requests,
    customers_of,
    note_request,
    state_of,
    suppressed_customers,
)
from orchestration.privacy.searching import suppressed_found
from orchestration.privacy.suppression import SuppressionList
from orchestration.privacy.suppressor import Suppressor
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse, scalar

_SWEPT = "create table if not exists restricted.swept (digest varchar not null)"
_PROVED = (
    "create schema if not exists restricted; create table if not exists restricted.proved (digest varchar not null)"
)


@dataclass(frozen=True)
class Outcome:
    """What became of a request to erase. `state` is done, unknown (nobody here) or held (a person decides among `candidates`).

    `proof` is of the pass that it was done in, where that was asked for.
    """

    state: str
    request_id: str
    candidates: list[str]
    erased: Erased
    proof: Proof | None = None


_NOTHING = Erased(0, 0, 0, [], 0, [])


def erase(
    home: Home,
    settings: Settings,
    subjects: Sequence[Subject],
    *,
    is_proved: bool = False,
    received: datetime | None = None,
) -> list[Outcome]:
    """Erases whom the subjects name, all in one pass over the files, which proves itself where it is to be proved.

    `received` (UTC, naive) is when they asked for it; now unless given. Raises WarehouseBusyError during a run.
    """
    home.prepare()
    log = audit_log(home, settings.privacy)
    found: list[tuple[Subject, list[str], str]] = []
    planting, proof = None, None
    with home.lock("erasure"):
        migrate(home, settings.engine)
        finish_unfinished(home, settings)
        suppressed, exports = 0, list[str]()
        with open_warehouse(home, settings.engine) as con:
            pepper = find_pepper(con, settings.privacy.pepper)
            suppression = SuppressionList.of(con, home, pepper)
            named = list(zip(subjects, customers_of(con, subjects), strict=True))
            certain = sorted({customers[0] for _, customers in named if len(customers) == 1})

            def note_requests() -> None:
                for subject, customers in named:
                    state = state_of(customers)
                    who = customers[0] if state == "done" else subject.said
                    noted: State = "open" if state == "done" else state
                    request = note_request(con, "erase", log.keyed(who), received or now(), noted, closed=now())
                    found.append((subject, customers, request))

            # a request is open from when its erasure is noted, and not before: killed sooner, nothing was asked
            if certain:
                planting = plant(con, home, settings) if is_proved else None
                whom = [*certain, planting.canary.token] if planting else certain
                suppressed = note_erasure(con, home, settings, whom, suppression, note_requests)
                ids = con.execute("select customer_id from restricted.erasing_customers").fetchall()
                exports = exports_with(con, pepper, [customer for (customer,) in ids])
            else:
                note_requests()
        if planting:
            erased, proof = _prove(home, settings, planting)
            # a row in each table, and the line that could not be read, were the canary's
            erased = replace(erased, rows=erased.rows - len(planting.spots)) if erased else None
        else:
            erased = _finish(home, settings) if certain else None
    whole = replace(erased, suppressed=suppressed, exports=exports) if erased else _NOTHING
    outcomes = []
    for subject, customers, request in found:
        state = state_of(customers)
        if state == "done":
            detail: dict[str, int | str] = {"request": request, "publications": len(whole.publications)}
            log.append("erased", subject=customers[0], detail=detail)
            outcomes.append(Outcome(state, request, [], whole, proof))
        else:
            log.append(f"erasure-{state}", subject=subject.said, detail={"request": request})
            outcomes.append(Outcome(state, request, customers, _NOTHING))
    return outcomes


def prove(home: Home, settings: Settings) -> Proof:
    """Runs the proof on the home folder and notes it in the audit log. Raises WarehouseBusyError during a run."""
    home.prepare()
    with home.lock("proof of erasure"):
        if not home.warehouse.exists():
            raise KundbildError("there is no warehouse to prove anything of", to_do="`kundbild run` makes one")
        migrate(home, settings.engine)
        finish_unfinished(home, settings)
        with open_warehouse(home, settings.engine) as con:
            planting = plant(con, home, settings)
            note_erasure(con, home, settings, [planting.canary.token], None)
        return _prove(home, settings, planting)[1]


def prove_of_night(home: Home, settings: Settings) -> str | None:
    """Looks for whoever was erased in every file, once after each change of the suppression list. Needs the lock, and the
    warehouse closed.

    Returns what the night should say of it; None where there is nothing new to look for, or it is not to be done. It never
    fails a night: who is found is told, each night anew, until it is mended.
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
            f"Somebody who was erased is still found in {', '.join(found[:3])}{more}: `kundbild prove-erasure` lists all; "
            "delete loose files, and erase again"
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
        back = suppressed_customers(con, Suppressor(suppression, settings.identity.default_country))
        if back:
            note_erasure(con, home, settings, back, suppression)
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


def _digest(suppression: SuppressionList) -> str:
    return hashlib.sha256(repr(sorted(suppression.standing())).encode()).hexdigest()


def _suppression(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> SuppressionList:
    return SuppressionList.of(con, home, find_pepper(con, settings.privacy.pepper))
