"""Requests that a source delivers about somebody who is not a customer, and of whom something is held (privacy/rights/named.py).

Not here: requests about customers, and which are looked at (requests.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import transaction
from orchestration.privacy.audit.log import AuditLog
from orchestration.privacy.erasure.erasure import erase_noted
from orchestration.privacy.intake.noted import note_erasure
from orchestration.privacy.intake.raw_people import Unresolved
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.rights.correction_checks import others_with
from orchestration.privacy.rights.delivered_requests import Asked, note_asked
from orchestration.privacy.rights.denials import deny
from orchestration.privacy.rights.named import Named, holds_on
from orchestration.privacy.rights.requests import State
from orchestration.privacy.rights.rights_keys import correct_unresolved, object_unresolved, restrict_unresolved
from orchestration.privacy.rights.subject_keys import note_subject
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.answers import write_answer


def do_of_nobody(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    log: AuditLog,
    request: Asked,
    whom: Unresolved,
    at: datetime,
    was: State | None,
) -> tuple[State, str]:
    """Notes the request and does it, as of a customer: what is held is in no mart. What `was` held, and still is, denies already.
    Returns its state and id."""
    pepper = find_pepper(con, settings.privacy.pepper)

    def note(state: State) -> str:
        return note_asked(con, log, request, whom.handle, state, at)

    if request.kind == "erase":
        (hold,) = holds_on(con, settings, [Named(unresolved=[whom])])
        if not hold and not settings.privacy.second_person:
            noted: list[str] = []
            suppression = SuppressionList.of(con, home, pepper)
            note_erasure(con, home, settings, [], suppression, lambda: noted.append(note("open")), unresolved=[whom])
            erase_noted(con, home, settings)
            return "open", noted[0]
        with transaction(con):
            state: State = "held" if hold else "waiting"
            kept = note(state)
            if state == was:
                return state, kept
            note_subject(con, settings, whom)
            if state == "waiting":
                restrict_unresolved(con, pepper, whom, at, kept)
            object_unresolved(con, pepper, whom, request.said_at, kept, "all", "all")
            deny(con, request, [], kept)
        return state, kept
    if request.kind == "rectify":
        return _correct(con, settings, request, whom, at, note)
    with transaction(con):
        done = note("done")
        note_subject(con, settings, whom)
        if request.kind == "restrict":
            restrict_unresolved(con, pepper, whom, request.received, done)
        elif request.kind == "object":
            object_unresolved(con, pepper, whom, request.said_at, done, request.ends or "all", "all")
            deny(con, request, [], done)
    if request.kind == "export":
        write_answer(con, home, settings, whom, request.received, done)
    return "done", done


def _correct(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    request: Asked,
    whom: Unresolved,
    at: datetime,
    note: Callable[[State], str],
) -> tuple[State, str]:
    """Held where a customer has that address, number, or name with birth date or address, invalid where the field cannot hold the value: a person looks at it."""
    values = {str(request.field): request.value}
    if others_with(con, whom.handle, values):
        return "held", note("held")
    pepper, country = find_pepper(con, settings.privacy.pepper), settings.identity.default_country
    with transaction(con):
        done = note("done")
        note_subject(con, settings, whom)
        try:
            correct_unresolved(con, pepper, country, whom, values, at, done)
        except KundbildError:
            return "invalid", note("invalid")
    return "done", done
