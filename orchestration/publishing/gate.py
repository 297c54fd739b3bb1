"""The gate before publication: every ERROR check of the night passed, the books balance, customer ids last."""

from __future__ import annotations

import json
from collections.abc import Sequence

import duckdb

from data_quality.checks import STAGES, by_source
from orchestration.contracts.audiences import PERMISSION_CHECK, SCHEMA, audience_tables
from orchestration.core.errors import GateError
from orchestration.core.warehouse import scalar


def assert_publishable(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Raises GateError naming the checks of run `run_id` that failed with ERROR, or that nothing was checked at all."""
    checked = con.execute(
        "select stage, count(*), count(*) filter (not passed and severity = 'ERROR') from ops.check_results where run_id = ? group by stage",
        [run_id],
    ).fetchall()
    missing = set(STAGES) - {stage for stage, *_ in checked}
    if missing:
        raise GateError(
            f"the {' and '.join(sorted(missing))} checks of this run did not run",
            to_do="run the whole nightly, not a part of it",
        )
    failed = con.execute(
        "select table_name || ': ' || check_name, observed from ops.check_results where run_id = ? and not passed and severity = 'ERROR' order by 1",
        [run_id],
    ).fetchall()
    if failed:
        told = [
            f"{name} (rows of {of})" if (of := by_source(json.loads(said or "{}"))) else name for name, said in failed
        ]
        names = "; ".join(told[:5]) + (f"; and {len(failed) - 5} more" if len(failed) > 5 else "")
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


def assert_first_is_whole(con: duckdb.DuckDBPyConnection, failed: Sequence[str], is_allowed: bool) -> None:
    """Raises GateError where nothing is published yet and sources failed: readers would take a part for the whole."""
    if is_allowed or not failed or scalar(con, "select count(*) from ops.publications"):
        return
    raise GateError(
        f"nothing is published yet, and source {', '.join(sorted(failed))} could not be read: a first publication would lack its rows, and nobody would notice",
        where="[publishing] first_without_failed",
        to_do="fix the source (`kundbild status`) and run again; or set it to true. A source that tells nothing of what people want (consent, "
        "email events, requests) may be switched off meanwhile: enabled = false",
    )


# the check that no audience may go without


def unchecked_audiences(con: duckdb.DuckDBPyConnection, run_id: str) -> list[str]:
    """Audiences, as `schema.table`, that no consent check of the run `run_id` looked at."""
    checked = con.execute(
        "select table_name from ops.check_results where run_id = ? and stage = 'consent' and check_name = ?",
        [run_id, PERMISSION_CHECK],
    ).fetchall()
    there = {name for (name,) in checked}
    return [name for table in audience_tables(con) if (name := f"{SCHEMA}.{table}") not in there]


def assert_audiences_checked(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Raises GateError where an audience was not looked at by the consent suite: it may hold anybody."""
    unchecked = unchecked_audiences(con, run_id)
    if unchecked:
        raise GateError(
            f"no consent check looked at {', '.join(unchecked)}",
            to_do="make it a dbt model in dbt_project/models/marts/audiences, or drop it from the warehouse",
        )


# ids that readers know and that say another thing now; every one is followed by a redirect or stands in the events
_CHANGED = """
select count(distinct e.from_customer_id), count(distinct e.from_customer_id) filter (e.kind = 'merged'),
    count(distinct e.from_customer_id) filter (e.kind = 'split'), count(distinct e.from_customer_id) filter (e.kind = 'moved')
from identity.customer_identity_events e
where e.kind in ('merged', 'split', 'moved') and e.recorded_at > (select max(published_at) from ops.publications)
"""


def assert_ids_last(con: duckdb.DuckDBPyConnection, max_changed: float, in_any_case: int) -> None:
    """Raises GateError where more than the share `max_changed` of customers, and than so many `in_any_case`, changed their id since
    the last publication."""
    published = scalar(con, "select count(*) from ops.publications")
    if not published:
        return
    changed, merged, split, moved = con.execute(_CHANGED).fetchall()[0]
    customers = scalar(
        con, "select count(distinct customer_id) from identity.customer_source_records where valid_to is null"
    )
    if changed > max(max_changed * customers, in_any_case):
        raise GateError(
            f"{changed:,} of {customers:,} customers changed their id since the last publication (merged {merged:,}, split {split:,}, "
            f"moved {moved:,}); {max_changed:.1%} may",
            where="[identity] max_changed_ids",
            to_do="`select reason, count(*) from identity.customer_identity_events group by all` and `kundbild explain` say why; "
            "where it is meant, as after training a model, raise the setting for one night",
        )
