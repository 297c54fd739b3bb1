"""Runs the nightly job through Dagster in this process. Not here: the job (defs/), what a run did (outcome.py)."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import datetime
from typing import Any

import duckdb

from orchestration.core import dagster_settings
from orchestration.core.configuration import home_and_config, load_settings
from orchestration.core.disk import full_disk
from orchestration.core.errors import ConfigurationError, KundbildError, WarehouseBusyError
from orchestration.core.home import RUN_WAITS, Home
from orchestration.core.migrations import assert_not_newer
from orchestration.core.stopping import stops_at_once
from orchestration.core.warehouse import open_warehouse
from orchestration.run.alerts import OVERDUE, WENT_ON, send_alert
from orchestration.run.attempts import attempt
from orchestration.run.dagster_instance import assert_usable, open_instance
from orchestration.run.outcome import Outcome, headlines, sum_up
from orchestration.run.preflight import assert_can_start, assert_lasting_files, assert_moment
from orchestration.run.progress import NOTE, tell, watching
from orchestration.run.run_history import is_of_damage, put_aside
from orchestration.run.status import note_failure, read_status
from orchestration.transform.runner import Dbt

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_nightly(*, as_of: datetime | None = None, force: bool = False, full_refresh: bool = False) -> Outcome:
    """Runs `nightly` and sums it up; `as_of` is naive UTC. A run that fails is told by alert, one that cannot start too.

    Raises KundbildError when it could not start: bad configuration, lock held, disk full, a home of a newer version.
    """
    home, config = home_and_config()
    with attempt(home) as mark:
        try:
            outcome = _run(as_of, force=force, full_refresh=full_refresh)
        except ConfigurationError:
            # without a configuration there is nobody to tell
            mark.end()
            raise
        except Exception as error:
            told = error if isinstance(error, KundbildError) else full_disk(error, home.root) or _broken(error, home)
            # who finds another run at work is not a run that failed
            mark.end("" if isinstance(error, WarehouseBusyError) else f"{told.what}; to do: {told.to_do}")
            problems = _alert("", str(told), "the run could not start")
            if problems:
                kind = told.kind
                told = KundbildError(told.what, where=told.where, to_do=told.to_do + problems)
                told.kind = kind
            raise told from error
        # a full disk may take no other note
        mark.end(outcome.error)
    if not outcome.is_success:
        with suppress(KundbildError, duckdb.Error, OSError):
            note_failure(home, load_settings(config).engine, outcome.run_id, outcome.error)
        outcome.error += _alert(outcome.run_id, outcome.error)
    elif outcome.failed_sources:
        stale = "; ".join(f"{name}: {headlines(said)}" for name, said in outcome.failed_sources.items())
        if problem := _alert(outcome.run_id, stale, WENT_ON):
            outcome.notes.append(problem)
    # whatever became of the run
    if outcome.overdue_requests and (problem := _alert(outcome.run_id, outcome.overdue_requests, OVERDUE)):
        outcome.notes.append(problem)
    return outcome


def quiet_logs() -> None:
    """A run tells of itself in its own words: loggers of its libraries print no line and no traceback."""
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    # it warns of every step that "nothing new" skips
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    # a log of dbt that a full disk refuses would print a traceback a line; the run fails by what it writes itself
    logging.raiseExceptions = False


def _run(as_of: datetime | None, *, force: bool, full_refresh: bool) -> Outcome:
    home, config = home_and_config()
    settings = load_settings(config)
    is_damaged = dagster_settings.is_damaged(home.dagster)
    home.prepare()
    # the run itself takes the lock again: what can be said before Dagster starts is said at once
    with home.lock("before a night", wait=RUN_WAITS, waiting=lambda holder: tell("waiting", f"for {holder}")):
        if home.warehouse.exists():
            with open_warehouse(home, settings.engine) as con:
                assert_can_start(con, home, settings, as_of)
                assert_not_newer(con)
                assert_lasting_files(con, home)
        else:
            assert_moment(None, as_of)
            assert_lasting_files(None, home)
        notes = put_aside(home) + ([dagster_settings.told(home.dagster)] if is_damaged else [])
        assert_usable(home)
        tell("starting Dagster")
        # compiled before the definitions are loaded, which read what stands; below the lock, for a night may read the former one
        Dbt(settings, home).ensure_manifest()
    import dagster as dg

    from orchestration.definitions import defs
    from orchestration.defs.jobs import LAUNCHED_BY_CLI
    from orchestration.defs.resources import AS_OF_TAG, FORCE_TAG, FULL_REFRESH_TAG, NIGHTLY

    quiet_logs()
    tags = {**LAUNCHED_BY_CLI, FORCE_TAG: str(force).lower(), FULL_REFRESH_TAG: str(full_refresh).lower()}
    if as_of:
        tags[AS_OF_TAG] = as_of.isoformat()
    os.environ["DAGSTER_HOME"] = str(home.dagster)

    def keep_notes(step: str, detail: str) -> None:
        notes.extend([detail] if step == NOTE else [])

    with open_instance(home) as instance, watching(keep_notes):

        def stopped(signal: str) -> None:
            tell("stopping", f"told to by {signal}")
            for run in instance.get_runs(dg.RunsFilter(tags=LAUNCHED_BY_CLI, statuses=[dg.DagsterRunStatus.STARTED])):
                instance.report_run_canceled(run, f"Stopped by {signal}; nothing was published.")

        with stops_at_once(stopped):
            result = defs.resolve_job_def(NIGHTLY).execute_in_process(
                instance=instance, raise_on_error=False, run_config=_QUIET, tags=tags
            )
    outcome = sum_up(result)
    outcome.notes = notes
    stands = _as_it_stands(home)
    since = {source["source"]: source["since"] for source in stands.get("sources", [])}
    outcome.stale_since = {name: since[name][:16] for name in outcome.failed_sources if name in since}
    outcome.set_aside = stands.get("set_aside", [])
    return outcome


def _as_it_stands(home: Home) -> dict[str, Any]:
    """The status after the run; empty where it made no warehouse, or where another run has it by now."""
    try:
        return read_status() if home.warehouse.exists() else {}
    except WarehouseBusyError:
        return {}


def _broken(error: Exception, home: Home) -> KundbildError:
    """What nobody foresaw: its kind, and no text of it, which may quote rows. Damage to Dagster's databases that the start of the
    run did not see is put aside."""
    if is_of_damage(error):
        with suppress(WarehouseBusyError), home.lock("putting a damaged run history aside"):
            if told := put_aside(home, most=float("inf")):
                return KundbildError(told[0], where=str(home.dagster), to_do="`kundbild run` again")
    return KundbildError(
        f"the run stopped unexpectedly ({type(error).__name__})",
        to_do="`kundbild doctor`, then run again; if it stays so, report it with the log of the run",
    )


def _alert(run_id: str, message: str, what: str = "failed") -> str:
    """Sends the configured alerts. Returns what went wrong with it, in words, or ""."""
    _, config = home_and_config()
    settings = load_settings(config)
    problems = send_alert(settings.alerts, settings.company, run_id, message, what)
    return "".join(f" (and the alert could not be sent: {problem})" for problem in problems)
