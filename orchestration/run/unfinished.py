"""Finishes erasures and restrictions that a killed command left, and erases again whoever came back with a backup.

Every run and every erasure begins with it. Not here: each step (privacy/).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.core.clock import now
from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import open_warehouse, scalar
from orchestration.privacy.audit.log import audit_log
from orchestration.privacy.erasure.erasure import Erased, finish_erasures, hide
from orchestration.privacy.erasure.proof import planted_customers, take_out_kept
from orchestration.privacy.intake.noted import note_erasure, suppress_noted
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.rights.named import suppressed_unresolved
from orchestration.privacy.rights.requests import close_requests
from orchestration.privacy.rights.restrictions import begun_restrictions
from orchestration.privacy.rights.subjects import suppressed_customers
from orchestration.run.suppressed import digest_of, suppression_of

_SWEPT = "create table if not exists restricted.swept (digest varchar not null)"


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
            suppress_noted(con, suppression_of(con, home, settings))
    finished = finish(home, settings)
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
        suppression = suppression_of(con, home, settings)
        con.execute(_SWEPT)
        if scalar(con, "select digest from restricted.swept") == digest_of(suppression):
            return
        suppressor = Suppressor(suppression, settings.identity.default_country)
        back = suppressed_customers(con, suppressor)
        set_aside = suppressed_unresolved(con, settings, suppressor)
        if back or set_aside:
            note_erasure(con, home, settings, back, suppression, unresolved=set_aside)
    again = finish(home, settings)
    if again:
        _tell(home, settings, "erased-again", again)
    _note_swept(home, settings)


def finish(home: Home, settings: Settings, *, laid_open: Sequence[tuple[str, str]] = ()) -> Erased | None:
    """Carries out the erasures that are noted and closes their requests. `laid_open` is where a proof planted what it looks for.
    Returns what was erased; None where nothing was noted."""
    erased = finish_erasures(home, settings, laid_open=laid_open)
    if erased:
        with open_warehouse(home, settings.engine) as con:
            close_requests(con, "erase", now())
        _note_swept(home, settings)
    return erased


def _note_swept(home: Home, settings: Settings) -> None:
    with open_warehouse(home, settings.engine) as con:
        suppression = suppression_of(con, home, settings)
        con.execute(_SWEPT)
        con.execute("delete from restricted.swept")
        con.execute("insert into restricted.swept values ($digest)", {"digest": digest_of(suppression)})


def _tell(home: Home, settings: Settings, action: str, erased: Erased) -> None:
    detail = {"records": erased.records, "rows": erased.rows, "publications": len(erased.publications)}
    audit_log(home, settings.privacy).append(action, detail=detail)
