"""Proves that erasing works: with a planted person, by `kundbild prove-erasure`, and by a search for whoever was erased, every night.

Not here: planting and searching (privacy/erasure).
"""

from __future__ import annotations

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.migrations import migrate
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, open_warehouse, scalar
from orchestration.privacy.audit.log import audit_log
from orchestration.privacy.erasure.erasure import Erased
from orchestration.privacy.erasure.proof import Planting, Proof, is_found, look_for, plant
from orchestration.privacy.erasure.searching import suppressed_found, what_to_do
from orchestration.privacy.intake.noted import note_erasure
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.run.suppressed import digest_of, suppression_of
from orchestration.run.unfinished import finish, finish_unfinished

_SCHEMA = "create schema if not exists restricted"
_PROVED = "create table if not exists restricted.proved (digest varchar not null)"


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
        return prove_planted(home, settings, planting)[1]


def prove_of_night(home: Home, settings: Settings) -> str | None:
    """Looks for whoever was erased in every file, once after each change of the suppression list. Needs the lock, and the
    warehouse closed.

    Returns what the night should say of it; None where there is nothing new to look for, or it is not to be done. It never
    fails a night: who is found is told, each night anew, until it is fixed.
    """
    if not settings.privacy.prove_erasures or not home.warehouse.exists():
        return None
    with open_warehouse(home, settings.engine) as con:
        con.execute(_SCHEMA)
        con.execute(_PROVED)
        suppression = suppression_of(con, home, settings)
        digest = digest_of(suppression)
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


def prove_planted(home: Home, settings: Settings, planting: Planting) -> tuple[Erased | None, Proof]:
    """Erases the canary, which is noted, and whoever is noted beside it; then looks for everybody in what is left."""
    found_before = is_found(home, planting)
    erased = finish(home, settings, laid_open=planting.spots)
    with open_warehouse(home, settings.engine) as con:
        suppressor = Suppressor(suppression_of(con, home, settings), settings.identity.default_country)
    proof = look_for(home, settings, planting, found_before, suppressor)
    detail = {"holds": int(proof.holds), "files": len(proof.files), "suppressed": proof.suppressed}
    audit_log(home, settings.privacy).append("erasure-proved", detail=detail)
    return erased, proof
