"""Runs the nightly job through Dagster in this process. Here: launching and summing up. Not here: the job (defs/)."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from data_quality.checks import by_source
from orchestration.core import dagster_settings
from orchestration.core.configuration import home_and_config, load_settings
from orchestration.core.disk import DiskFullError, full_disk
from orchestration.core.errors import ConfigurationError, KundbildError, WarehouseBusyError
from orchestration.core.home import RUN_WAITS, Home
from orchestration.core.migrations import assert_not_newer
from orchestration.core.stopping import stops_at_once
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.records import STALE
from orchestration.privacy.rights.deadlines import ANSWERED_IN_TIME
from orchestration.run.alerts import OVERDUE, WENT_ON, send_alert
from orchestration.run.attempts import attempt
from orchestration.run.dagster_instance import assert_usable, open_instance
from orchestration.run.night import NOTE, tell, watching
from orchestration.run.preflight import assert_can_start, assert_lasting_files, assert_moment
from orchestration.run.run_history import is_of_damage, put_aside
from orchestration.run.status import note_failure, read_status
from orchestration.transform.runner import Dbt

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# asset key prefix → step, in the order of the flow
_STEPS = {
    "raw": "extract", "conformed": "conformed", "quarantine": "quarantine", "identity": "identity",
    "marts": "marts", "scores": "scores", "segments": "segments", "insight": "insight", "audiences": "audiences", "bi": "bi", "bi_open": "bi", "publishing": "publishing",
}  # fmt: skip
# what the publication counts as customers
_CUSTOMERS = ("bi", "dim_customers")
# of the tables of a source that could not be read
_MOST_TOLD = 5


@dataclass
class Outcome:
    """What a run did, for a person or a machine."""

    run_id: str
    is_success: bool
    is_nothing_new: bool = False
    rolled_back_from: str = ""  # the newest publication, where readers were put back to an older one
    rows_per_step: dict[str, tuple[int, int]] = field(default_factory=dict)
    customers: int = 0  # that readers see
    customers_built: int | None = None  # by this run; None where it did not come so far
    checks_passed: int = 0
    checks_failed: int = 0
    failed_checks: list[str] = field(default_factory=list)
    failed_sources: dict[str, str] = field(default_factory=dict)
    stale_since: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    publication: str = ""
    data_docs: str = ""
    report: str = ""
    error: str = ""
    is_disk_full: bool = False  # what the run failed of
    # what the check of requests says where some are overdue
    overdue_requests: str = ""

    @property
    def is_clean(self) -> bool:
        return self.is_success and not self.failed_sources

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"is_clean": self.is_clean}


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
        stale = "; ".join(f"{name}: {_headlines(said)}" for name, said in outcome.failed_sources.items())
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
    outcome = _sum_up(result)
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


def _sum_up(result: Any) -> Outcome:
    from orchestration.publishing.grades import ANALYST
    from orchestration.publishing.report.places import report_path
    from orchestration.publishing.versions import current, list_publications

    home, _ = home_and_config()
    outcome = Outcome(result.run_id, result.success)
    skipped = set()
    failed: dict[str, list[str]] = {}
    for event in result.all_events:
        kind = event.event_type_value
        if kind == "ASSET_MATERIALIZATION":
            _add_rows(outcome, event.event_specific_data.materialization)
        elif kind == "ASSET_CHECK_EVALUATION":
            _add_check(outcome, event.event_specific_data, failed)
        elif kind == "STEP_SKIPPED":
            skipped.add(event.step_key)
        elif kind in ("STEP_FAILURE", "PIPELINE_FAILURE", "RESOURCE_INIT_FAILURE") and not outcome.error:
            outcome.error, outcome.is_disk_full = _reason(event, home.root)
    outcome.failed_sources = {source: _of_all(said) for source, said in failed.items()}
    errors = [check.removeprefix("ERROR ") for check in outcome.failed_checks if check.startswith("ERROR")]
    if errors and not result.success and "AssetCheckFailed" in outcome.error:
        outcome.error = f"{len(errors)} checks with severity ERROR failed: {'; '.join(errors[:5])}"
    outcome.is_nothing_new = result.success and "publish" in skipped
    publication = current(home)
    if publication:
        outcome.publication = str(home.published / ANALYST.file)
        outcome.customers = publication.tables.get(".".join(_CUSTOMERS), 0)
        newest = list_publications(home)[0].version
        outcome.rolled_back_from = newest if newest != publication.version else ""
    if (report := report_path(home)).exists():
        outcome.report = str(report)
    if (home.data_docs / "index.html").exists():
        outcome.data_docs = str(home.data_docs / "index.html")
    return outcome


def _add_rows(outcome: Outcome, materialization: Any) -> None:
    if STALE in materialization.metadata:
        return
    step = _STEPS.get(materialization.asset_key.path[0])
    rows = materialization.metadata.get("dagster/row_count")
    if rows and tuple(materialization.asset_key.path) == _CUSTOMERS:
        outcome.customers_built = int(rows.value)
    if step:
        tables, total = outcome.rows_per_step.get(step, (0, 0))
        outcome.rows_per_step[step] = (tables + 1, total + (int(rows.value) if rows else 0))
        outcome.rows_per_step = {s: outcome.rows_per_step[s] for s in _STEPS.values() if s in outcome.rows_per_step}


def _add_check(outcome: Outcome, check: Any, failed: dict[str, list[str]]) -> None:
    """Counts a check; `failed` gets what each table of a source that could not be read says."""
    if check.passed:
        outcome.checks_passed += 1
        return
    outcome.checks_failed += 1
    name = "/".join(check.asset_key.path)
    if check.check_name == "was_extracted":
        source = check.asset_key.path[1]
        failed.setdefault(source, []).append(check.description or "")
    else:
        if check.check_name == ANSWERED_IN_TIME:
            outcome.overdue_requests = check.description or ""
        of = by_source({key: said.value for key, said in check.metadata.items()})
        outcome.failed_checks.append(
            f"{check.severity.value} {name}: {check.check_name}{f' (rows of {of})' if of else ''}"
        )


def _of_all(messages: list[str]) -> str:
    """What the tables of a source say, each thing once. Tables that were not asked any more say all that the others do."""
    said = list(dict.fromkeys(messages))
    said = [one for one in said if not any(other != one and other in one for other in said)]
    more = len(said) - _MOST_TOLD
    return "\n".join(said[:_MOST_TOLD] + ([f"and {more} more: `kundbild status` lists all"] if more > 0 else []))


def _headlines(said: str) -> str:
    """The first line of each message: where, and what to do, is indented below it."""
    return "; ".join(line for line in said.splitlines() if not line.startswith(" "))


def _reason(event: Any, home: Path) -> tuple[str, bool]:
    """Why a step, or the run, failed; and whether because a disk took no more."""
    data = event.event_specific_data
    step = f"step {event.step_key}: " if event.step_key else ""
    error = getattr(data, "error", None) or getattr(data, "error_info", None)
    chain = []
    while error is not None:
        chain.append((error.message or "").strip())
        error = error.cause or error.context
    # a full disk first: what was made of it above may not name it
    for message in reversed(chain):
        name, _, text = message.partition(": ")
        if name == f"{DiskFullError.__module__}.{DiskFullError.__name__}":
            return text, True
        if full := full_disk(message, home):
            return str(full), True
    failure = getattr(data, "user_failure_data", None)
    if failure and failure.description:
        return str(failure.description), False
    # the outermost error of our own says it in full; a driver's text below it may quote rows
    for message in chain:
        name, _, text = message.partition(": ")
        if name.startswith("orchestration."):
            return text, False
    return step + ((chain[-1] if chain else event.message or "").strip().partition(": ")[0]), False
