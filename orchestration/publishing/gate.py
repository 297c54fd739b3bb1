"""The gate before publication: every ERROR check of the night passed, and the books balance."""

from __future__ import annotations

import duckdb

from orchestration.errors import GateError


def assert_publishable(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Raises GateError naming the checks of run `run_id` that failed with ERROR, or that nothing was checked at all."""
    checked = con.execute(
        "select stage, count(*), count(*) filter (not passed and severity = 'ERROR') from ops.check_results where run_id = ? group by stage",
        [run_id],
    ).fetchall()
    missing = {"arrival", "promise"} - {stage for stage, *_ in checked}
    if missing:
        raise GateError(
            f"the {' and '.join(sorted(missing))} checks of this run did not run",
            to_do="run the whole nightly, not a part of it",
        )
    failed = con.execute(
        "select table_name || ': ' || check_name from ops.check_results where run_id = ? and not passed and severity = 'ERROR' order by 1",
        [run_id],
    ).fetchall()
    if failed:
        names = "; ".join(name for (name,) in failed[:5]) + (f"; and {len(failed) - 5} more" if len(failed) > 5 else "")
        raise GateError(
            f"{len(failed)} checks with severity ERROR failed: {names}",
            to_do="look at them in Data Docs or the Dagster UI; readers keep the last good publication",
        )
    unbalanced = con.execute("select source_system, entity from quarantine.books where not is_balanced").fetchall()
    if unbalanced:
        raise GateError(
            "the books do not balance: " + ", ".join(f"{source} {entity}" for source, entity in unbalanced),
            to_do="rebuild with `kundbild run --full-refresh`; if it stays so, it is a bug",
        )
