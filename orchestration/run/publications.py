"""What was published, by which run and of what, and the project that each part of the warehouse was built with.

Not here: publishing (publishing/), or what a night's result depends on (fingerprint.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb

from orchestration.core.clock import now
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar

_DDL = sql_script(__file__, "publications")


def newest(con: duckdb.DuckDBPyConnection) -> tuple[str, datetime]:
    """The newest publication's fingerprint, and when it was published; ("", datetime.min) before the first."""
    rows = _of_newest(con, "fingerprint, published_at")
    return rows[0] if rows else ("", datetime.min)


def newest_load_and_project(con: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """(newest load, digest of the dbt project) of the newest publication; (0, "") before the first."""
    rows = _of_newest(con, "load_id, project")
    return rows[0] if rows else (0, "")


def is_published(con: duckdb.DuckDBPyConnection, run_id: str) -> bool:
    con.execute(_DDL)
    return bool(scalar(con, "select count(*) from ops.publications where run_id = $run_id", {"run_id": run_id}))


def note(con: duckdb.DuckDBPyConnection, fingerprint: str, project: str, load_id: int, run_id: str) -> None:
    con.execute(_DDL)
    con.execute("insert into ops.publications values (?, ?, ?, ?, ?)", [fingerprint, project, load_id, run_id, now()])


def built_with(con: duckdb.DuckDBPyConnection, part: str) -> str | None:
    """The digest of the dbt project that built all of a `part`; None where none did."""
    con.execute(_DDL)
    return scalar(con, "select project from ops.built_with where part = $part", {"part": part})


def note_built_with(con: duckdb.DuckDBPyConnection, part: str, project: str | None) -> None:
    """Notes the project that built all of a `part`; None, before a rebuild, that none did."""
    con.execute(_DDL)
    con.execute("delete from ops.built_with where part = $part", {"part": part})
    if project is not None:
        con.execute("insert into ops.built_with values ($part, $project)", {"part": part, "project": project})


def _of_newest(con: duckdb.DuckDBPyConnection, columns: str) -> list[tuple[Any, ...]]:
    con.execute(_DDL)
    return con.execute(f"select {columns} from ops.publications order by published_at desc limit 1").fetchall()
