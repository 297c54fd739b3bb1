"""How good data were, night by night, in ops.nights and ops.night_counts: no rebuild can tell how things stood then.

Here: the tables, and what a night notes in them: numbers of rows and of customers, nobody's row. Checks are not counted twice:
ops.check_results has them. Not here: how they are shown (dbt: data_quality_by_night).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import duckdb

from data_quality.runner import prepare_results
from orchestration.core.clock import now
from orchestration.core.settings import Quality
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, transaction

# a night that could not publish is held; one that has nothing to publish leaves readers the publication that stands
Outcome = Literal["published", "unchanged", "held"]

_DDL = sql_script(__file__, "quality_history")
_SOURCES = sql_script(__file__, "quality_sources")
_COUNTS = sql_script(__file__, "quality_counts")
_LEFT = sql_script(__file__, "quality_left")
_NOTED = "insert or replace into ops.nights values ($run_id, $as_of, $noted_at, $outcome)"
_COUNTED_FROM = (("quarantine", "set_aside"), ("quarantine", "books"), ("marts", "customer_360"))


def prepare_quality(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Makes the tables where there are none yet, and notes nights before `run_id` that ended without a note."""
    prepare_results(con)
    con.execute(_DDL)
    if has_table(con, "ops", "runs") and has_table(con, "ops", "publications"):
        con.execute(_LEFT, {"run_id": run_id})


def count_quality(con: duckdb.DuckDBPyConnection, run_id: str, as_of: datetime, quality: Quality) -> None:
    """Counts what is set aside and what records lack, of tables that the night `run_id` built. Doing it again replaces it."""
    prepare_quality(con, run_id)
    if all(has_table(con, schema, table) for schema, table in _COUNTED_FROM):
        con.execute(_COUNTS, {"run_id": run_id, "as_of": as_of, "max_address_age_days": quality.max_address_age_days})


def note_night(con: duckdb.DuckDBPyConnection, run_id: str, as_of: datetime, outcome: Outcome) -> None:
    """Notes how the night `run_id`, which describes `as_of` (UTC, naive), ended, and how its sources stand. The last word counts."""
    prepare_quality(con, run_id)
    with transaction(con):
        con.execute(_NOTED, {"run_id": run_id, "as_of": as_of, "noted_at": now(), "outcome": outcome})
        if has_table(con, "ops", "source_status"):
            con.execute(_SOURCES, {"run_id": run_id})
