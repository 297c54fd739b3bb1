"""A new secret for the pepper, and every hash that is kept renewed with it: who has the old one alone makes none of them.

Each place says itself which pepper it is made with, so what a killed rotation left is done by the next one.
Not here: where the pepper lies (pepper.py), whose home folder it is (orchestration/cli/pepper.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.warehouse import has_table, open_warehouse, transaction
from orchestration.privacy.audit.log import AuditLog
from orchestration.privacy.erasure.rewriting import rewrite_warehouse
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.secrets.anchor import Anchor
from orchestration.privacy.secrets.pepper import (
    KEYED_HASH,
    Pepper,
    add_secret,
    find_pepper,
    note_check,
    noted_check,
    read_pepper,
)
from orchestration.privacy.secrets.pseudonyms import end_keys

# (table, column) of the warehouse's other keyed hashes; what is none, as a reference in plain words, stays
_HASHES = (
    ("national_ids", "keyed_hash"),
    ("export_members", "keyed_hash"),
    ("held_out", "keyed_hash"),
    ("exports", "content_hash"),
    ("exported_points", "customer_hash"),
    ("exported_points", "point_hash"),
    ("legal_hold_keys", "keyed_hash"),
    ("rights_keys", "keyed_hash"),
    ("rights_requests", "subject"),
    ("rights_requests", "reference"),
)


@dataclass(frozen=True)
class Rotated:
    """`secrets` is how many the pepper has now; `is_new` whether one was made. The rest counts what was renewed."""

    secrets: int
    is_new: bool
    hashes: int
    pseudonyms: int


def rotate(home: Home, engine: Engine, configured: Sequence[str], versions: Sequence[str]) -> Rotated:
    """Renews every hash of the home folder. Needs the lock. A new secret is made where nothing is left to be renewed.

    `configured` is the pepper that the configuration gives, if it does; `versions` are the publications that are there: they keep the pseudonyms of their day.
    Raises KundbildError where the configuration gives the pepper, and no new secret with it; AuditError where the log
    does not hold.
    """
    pepper = read_pepper(configured, is_known=True)
    anchor = Anchor.of(home)
    with open_warehouse(home, engine) as con:
        made_with = next((older for older in pepper.older() if older.check == noted_check(con)), None)
        made_with = made_with or find_pepper(con, configured)
        is_new = made_with == pepper and AuditLog(home.audit_log, pepper, anchor).is_renewed
        if is_new:
            if configured:
                raise KundbildError(
                    "the configuration gives the pepper, and every hash is made with it",
                    where="[privacy] pepper",
                    to_do='say pepper = ["${OLD_PEPPER}", "${NEW_PEPPER}"], the new one last, and then `kundbild pepper rotate`',
                )
            AuditLog(home.audit_log, pepper, anchor).verify()
            pepper = add_secret()
        AuditLog(home.audit_log, pepper, anchor).renew()
        SuppressionList.of(con, home, pepper).renew()
        hashes, pseudonyms = _renew_warehouse(con, made_with, pepper, versions)
    # the old hashes are not left in blocks that nobody uses any more
    rewrite_warehouse(home, engine)
    return Rotated(pepper.count, is_new, hashes, pseudonyms)


def _renew_warehouse(
    con: duckdb.DuckDBPyConnection, made_with: Pepper, pepper: Pepper, versions: Sequence[str]
) -> tuple[int, int]:
    """(hashes renewed, pseudonyms ended), in one transaction."""
    if made_with == pepper:
        return 0, 0
    hashes = 0
    with transaction(con):
        for table, column in _HASHES:
            if has_table(con, "restricted", table):
                renewed = pepper.renewed_sql(column, made_with.count)
                hashes += con.execute(
                    f"update restricted.{table} set {column} = {renewed} where regexp_full_match({column}, '{KEYED_HASH}')",
                    pepper.parameters(made_with.count),
                ).fetchall()[0][0]
        pseudonyms = end_keys(con, versions) if has_table(con, "identity", "customer_keys") else 0
        note_check(con, pepper)
    return hashes, pseudonyms
