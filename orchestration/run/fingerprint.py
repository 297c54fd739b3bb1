"""What the result of a night depends on, as one digest: where it is as the last publication's, nothing is new.

What changes customers, permissions or marts and does not come through a source belongs to `_decided`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import duckdb

from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, scalar
from orchestration.identity.decisions import prepare_decisions
from orchestration.prediction.nightly.tables import standing_versions
from orchestration.privacy.intake.withdrawals import LEDGER, prepare_withdrawals
from orchestration.privacy.rights.requests import prepare_requests


def fingerprint(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, as_of: datetime, project: str) -> str:
    """What was loaded, `project` (a digest of the dbt project), configuration, day, decisions, identity model, fits of
    scores, and which permissions began or ended by now."""
    told = settings.model_dump_json(exclude={"sources": True, "privacy": {"pepper"}, "report": True})
    parts = [str(newest_load(con)), project, told, as_of.date().isoformat(), _decided(con), _rejected(con)]
    # of a fit that somebody asked for since, the next run scores anew
    parts.append(str(standing_versions(con)) if settings.scores.enabled else "")
    digest = hashlib.sha256("\n".join([*parts, _turned(con, as_of), ""]).encode())
    # the model's bytes: what it says is read, and refused, where people are resolved
    digest.update(home.identity_model.read_bytes() if home.identity_model.exists() else b"")
    return digest.hexdigest()


def newest_load(con: duckdb.DuckDBPyConnection) -> int:
    return int(scalar(con, "select coalesce(max(load_id), 0) from ops.loads where inserted + updated + deleted > 0"))


def _decided(con: duckdb.DuckDBPyConnection) -> str:
    """Decisions of who is who, objections and corrections: what people said here, and no source did. One no is one, under
    whatever id of a request it is noted."""
    prepare_decisions(con)
    prepare_requests(con)
    prepare_withdrawals(con)
    return str(
        [
            con.execute(f"select distinct * exclude ({apart}) from {table} order by all").fetchall()
            for table, apart in (
                ("identity.decisions", "decided_at, decided_by, note"),
                ("identity.objections", "request_id"),
                ("identity.corrections", "corrected_at"),
                ("identity.restrictions", "since"),
                # what names only an address, and is nobody's record's
                (f"(from {LEDGER} where source_system = 'kundbild')", "source_key, was_tied, is_over"),
            )
        ]
    )


def _rejected(con: duckdb.DuckDBPyConnection) -> str:
    """How many different lines were rejected on the way into raw: one of them may withdraw consent."""
    counted = "select count(distinct hash(source, table_name, content)) from quarantine.rejected_rows"
    return str(scalar(con, counted)) if has_table(con, "quarantine", "rejected_rows") else "0"


def _turned(con: duckdb.DuckDBPyConnection, as_of: datetime) -> str:
    """How many times a permission has begun or ended by now, of what was said: a grant may end within the day."""
    if not has_table(con, "marts", "contact_permission_history"):
        return "0"
    turns = "select count(*) from marts.contact_permission_history where valid_from <= $as_of"
    return str(scalar(con, turns, {"as_of": as_of}))
