"""Makes the last night another one's. Here: its clock, with the clocks of the sources of statements that go with it."""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.activation.statement_sources import statement_sources
from orchestration.core.configuration import load_settings
from orchestration.core.settings import PROJECT_DIR


def set_night(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """The last night was at `at`, UTC, naive, and published then; what the sources said is as old at it as it was."""
    ((then,),) = con.execute("select as_of from ops.clock").fetchall()
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/nowhere"})
    for source, tables in statement_sources(settings).items():
        for table in tables:
            cursor = settings.sources[source].tables[table].cursor
            if cursor and settings.sources[source].tables[table].fresh_within_hours:
                con.execute(f"update raw_{source}.{table} set {cursor} = (try_cast({cursor} as timestamp) + ($1::timestamp - $2::timestamp))::varchar", [at, then])  # fmt: skip
    con.execute("update ops.clock set as_of = ?", [at])
    con.execute("update ops.publications set published_at = ?", [at])
