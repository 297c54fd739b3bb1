"""The suppression list of a home: opened, put back where one copy lost entries, or taken as it is. Not here: what it holds (privacy/intake)."""

from __future__ import annotations

import hashlib

import duckdb

from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.audit.log import audit_log
from orchestration.privacy.intake.suppression import SuppressionList, files_of, holds_entries, marked
from orchestration.privacy.secrets.pepper import find_pepper


def fix_suppression(home: Home, settings: Settings) -> int:
    """Puts back what one copy of the suppression list lost and the other one has. Returns how many entries. Needs the lock."""
    if not home.warehouse.exists():
        return 0
    with open_warehouse(home, settings.engine) as con:
        # without an entry there is nothing to fix, and no pepper is asked for
        return suppression_of(con, home, settings).fix() if holds_entries(files_of(con, home)) else 0


def accept_suppression(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> tuple[int, int]:
    """Takes a suppression list that lost entries for whole, and notes it. Returns (entries that were known, entries left)."""
    if not marked(con):
        return 0, 0
    known, there = suppression_of(con, home, settings).accept()
    if there < known:
        audit_log(home, settings.privacy).append("suppression-acknowledged", detail={"known": known, "left": there})
    return known, there


def suppression_of(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> SuppressionList:
    """The list with the pepper of the home."""
    return SuppressionList.of(con, home, find_pepper(con, settings.privacy.pepper))


def digest_of(suppression: SuppressionList) -> str:
    """A hash of the standing entries, by which a later run sees that the list changed."""
    return hashlib.sha256(repr(sorted(suppression.standing())).encode()).hexdigest()
