"""What stands: sources, the last run, failed checks, the publication. Here: `ops.runs`, and what `kundbild status` reads.

While a run or a command has the warehouse, status is answered from the file that the last run left. Not here: printing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from data_quality.checks import by_source
from orchestration.core.clock import now
from orchestration.core.errors import HomeVersionError, KundbildError, WarehouseBusyError
from orchestration.core.home import Home, read_json, write_private
from orchestration.core.migrations import of_this_version
from orchestration.core.settings import Engine
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, open_warehouse
from orchestration.privacy.audit.glance import last_entry
from orchestration.publishing.grades import GRADES
from orchestration.publishing.report.places import report_path
from orchestration.publishing.versions import current, standing_versions
from orchestration.run.attempts import newest, unnoted
from orchestration.run.audit_gap import TO_DO, why_short
from orchestration.run.set_aside import read_set_aside
from orchestration.run.state_files import told_of_files

_DDL = sql_script(__file__, "status")
_SOURCES = """
select s.source, s.is_ok, coalesce(s.since, s.checked_at)::varchar as since, s.checked_at::varchar as checked_at,
    coalesce(s.message, '') as message, coalesce(sum(l.inserted + l.updated), 0)::bigint as rows
from (select * from ops.source_status) s left join ops.loads l using (source) group by all order by 1
"""
_FAILED = """
select severity, table_name as table, check_name as check, observed::varchar as observed from ops.check_results
where not passed and run_id = (select arg_max(run_id, checked_at) from ops.check_results) order by severity, 2, 3
"""
_NOTHING: dict[str, Any] = {"sources": [], "failed_checks": [], "last_run": None, "set_aside": [], "unread": []}
_LAST = "select run_id, ended_at::varchar as ended_at, problems from ops.runs order by ended_at desc limit 1"


def note_run(con: duckdb.DuckDBPyConnection, run_id: str, problems: Sequence[str]) -> None:
    """Notes that a run ended, and why it was not published where it was not; `problems` quote no row."""
    con.execute(_DDL)
    values = {"run_id": run_id, "at": now(), "problems": list(problems)}
    con.execute("insert or replace into ops.runs values ($run_id, $at, $problems)", values)


def keep_status(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Leaves the status for whoever asks while the warehouse is in use."""
    write_private(home.last_status, json.dumps(_status(con)))


def note_failure(home: Home, engine: Engine, run_id: str, problem: str) -> None:
    """Notes after a run why it failed, where none of its steps could; `problem` quotes no row."""
    with home.lock("noting a failed run"), open_warehouse(home, engine) as con:
        note_run(con, run_id, [problem])
        keep_status(con, home)


def read_status() -> dict[str, Any]:
    """Sources with their state, the last run, its failed checks, the current publication; `running` says who is at work,
    `unnoted_run` what became of a later run that left nothing else, `state_files` which of the home's files cannot be read.

    Raises KundbildError when nothing ran yet.
    """
    from orchestration.core.configuration import home_and_config

    home, _ = home_and_config()
    if not home.warehouse.exists():
        raise KundbildError(unnoted(home, None) or "nothing ran here yet", where=str(home.root), to_do="`kundbild run`")
    running, short = "", ""
    try:
        # under the lock: DuckDB would refuse the file to a run that starts meanwhile
        with home.lock("status", wait=0.5), duckdb.connect(str(home.warehouse), read_only=True) as con:
            found, short = _status(con), why_short(con, home)
    except (WarehouseBusyError, duckdb.Error) as error:
        is_in_use = isinstance(error, WarehouseBusyError) or "lock" in str(error).lower()
        if is_in_use:
            running = home.holder() or "another program, which has the warehouse open"
        found = _left_status(home)
        if not found["last_run"] and is_in_use and not home.last_status.exists() and not standing_versions(home):
            raise WarehouseBusyError(
                f"the first run is going on: {running}", where=str(home.warehouse), to_do="try again when it has ended"
            ) from error
        if not is_in_use:
            found["unread"] = ["the warehouse; `kundbild doctor` says what to fix", *found["unread"]]
    told = unnoted(home, found["last_run"])
    return {
        **found,
        "running": running,
        "unnoted_run": told,
        "state_files": [*told_of_files(home), *([f"{short} ({home.audit_log}); {TO_DO}"] if short else [])],
        "publication": _publication(home),
    }


def _left_status(home: Home) -> dict[str, Any]:
    """What the last run left; where that cannot be read, no more than that, and what else tells of runs."""
    left = read_json(home.last_status)
    if isinstance(left, dict) and left.keys() >= _NOTHING.keys() - {"set_aside", "unread"}:
        return _NOTHING | left
    why = "is cut, empty or something else" if home.last_status.exists() else "is not there"
    unread = [
        f"how things stood when the last run ended: {home.last_status} {why}; the next run that ends writes it anew"
    ]
    if began := newest(home):
        unread.append(f"what is known without it: {began}")
    if last := last_entry(home.audit_log):
        unread.append(f"the newest entry of the audit log: {last}")
    return _NOTHING | {"unread": unread}


def _status(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Nothing is brought up to date for who only looks: a part whose tables an older version built is told as unreadable."""
    unread: list[str] = []

    def read(what: str, ask: Callable[[], list[Any]]) -> list[Any]:
        try:
            with of_this_version(what):
                return ask()
        except HomeVersionError as error:
            unread.append(f"{error.what}; {error.to_do}")
            return []

    last = read("the last run", lambda: _rows(con, "runs", _LAST))
    return {
        "sources": read("the state of the sources", lambda: _rows(con, "source_status", _SOURCES)),
        "failed_checks": read(
            "the failed checks", lambda: [_with_sources(row) for row in _rows(con, "check_results", _FAILED)]
        ),
        "last_run": last[0] if last else None,
        "set_aside": read("what is set aside", lambda: [str(one) for one in read_set_aside(con)]),
        "unread": unread,
    }


def _with_sources(row: dict[str, Any]) -> dict[str, Any]:
    """A failed check, with how many rows of each source broke it."""
    return {**row, "observed": (observed := json.loads(row["observed"] or "{}")), "sources": by_source(observed)}


def _rows(con: duckdb.DuckDBPyConnection, table: str, sql: str) -> list[dict[str, Any]]:
    """The rows of a query on a table of `ops`; none where a run has not made it yet."""
    if not has_table(con, "ops", table):
        return []
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _publication(home: Home) -> dict[str, Any] | None:
    publication = current(home)
    if publication is None:
        return None
    return {
        "version": publication.version,
        "run_id": publication.run_id,
        "published_at": publication.published_at,
        "rows": sum(publication.tables.values()),
        "report": str(report) if (report := report_path(home)).exists() else "",
        "grades": [
            {"grade": grade.name, "file": str(home.published / grade.file), "readers": grade.readers}
            for grade in GRADES.values()
            if (home.published / grade.file).exists()
        ],
    }
