"""Runs the nightly job through Dagster in this process. Here: launching and summing up. Not here: the job (defs/)."""

from __future__ import annotations

import logging
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from orchestration.night import NOTE, home_and_config, tell, watching

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# asset key prefix → step, in the order of the flow
_STEPS = {
    "raw": "extract", "conformed": "conformed", "quarantine": "quarantine", "identity": "identity",
    "marts": "marts", "segments": "segments", "audiences": "audiences", "bi": "bi", "publishing": "publishing",
}  # fmt: skip


@dataclass
class Outcome:
    """What a run did, for a person or a machine."""

    run_id: str
    is_success: bool
    is_nothing_new: bool = False
    rows_per_step: dict[str, tuple[int, int]] = field(default_factory=dict)
    customers: int = 0
    checks_passed: int = 0
    checks_failed: int = 0
    failed_checks: list[str] = field(default_factory=list)
    failed_sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    publication: str = ""
    data_docs: str = ""
    error: str = ""

    @property
    def is_clean(self) -> bool:
        return self.is_success and not self.failed_sources

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"is_clean": self.is_clean}


def run_nightly(*, as_of: datetime | None = None, force: bool = False, full_refresh: bool = False) -> Outcome:
    """Runs `nightly` and sums it up. Raises KundbildError only when it could not start: bad configuration, lock held."""
    home, _ = home_and_config()
    home.prepare()
    with home.lock("nightly"):  # raises, naming the holder; the run itself takes it again
        pass
    tell("starting Dagster")
    import dagster as dg

    from orchestration.alerts import send_alert
    from orchestration.configuration import load_settings
    from orchestration.definitions import defs
    from orchestration.defs.jobs import LAUNCHED_BY_CLI
    from orchestration.defs.resources import AS_OF_TAG, FORCE_TAG, FULL_REFRESH_TAG, NIGHTLY

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    # it warns of every step that "nothing new" skips
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    tags = {**LAUNCHED_BY_CLI, FORCE_TAG: str(force).lower(), FULL_REFRESH_TAG: str(full_refresh).lower()}
    if as_of:
        tags[AS_OF_TAG] = as_of.replace(tzinfo=None).isoformat()
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    notes: list[str] = []

    def keep_notes(step: str, detail: str) -> None:
        notes.extend([detail] if step == NOTE else [])

    with dg.DagsterInstance.from_config(str(home.dagster)) as instance, watching(keep_notes):
        result = defs.resolve_job_def(NIGHTLY).execute_in_process(
            instance=instance, raise_on_error=False, run_config=_QUIET, tags=tags
        )
    outcome = _sum_up(result)
    outcome.notes = notes
    if not outcome.is_success:
        _, config = home_and_config()
        for problem in send_alert(
            load_settings(config).alerts, load_settings(config).company, result.run_id, outcome.error
        ):
            outcome.error += f" (and the alert could not be sent: {problem})"
    return outcome


def _sum_up(result: Any) -> Outcome:
    from orchestration.publishing import snapshot

    home, _ = home_and_config()
    outcome = Outcome(result.run_id, result.success)
    skipped = set()
    for event in result.all_events:
        kind = event.event_type_value
        if kind == "ASSET_MATERIALIZATION":
            _add_rows(outcome, event.event_specific_data.materialization)
        elif kind == "ASSET_CHECK_EVALUATION":
            _add_check(outcome, event.event_specific_data)
        elif kind == "STEP_SKIPPED":
            skipped.add(event.step_key)
        elif kind in ("STEP_FAILURE", "PIPELINE_FAILURE", "RESOURCE_INIT_FAILURE") and not outcome.error:
            outcome.error = _reason(event)
    errors = [check.removeprefix("ERROR ") for check in outcome.failed_checks if check.startswith("ERROR")]
    if errors and not result.success and "AssetCheckFailed" in outcome.error:
        outcome.error = f"{len(errors)} checks with severity ERROR failed: {'; '.join(errors[:5])}"
    outcome.is_nothing_new = result.success and "publish" in skipped
    publication = snapshot.current(home)
    if publication:
        outcome.publication = str(home.published / snapshot.BI_FILE)
        outcome.customers = publication.tables.get("bi.dim_customers", 0)
    if (home.data_docs / "index.html").exists():
        outcome.data_docs = str(home.data_docs / "index.html")
    return outcome


def _add_rows(outcome: Outcome, materialization: Any) -> None:
    step = _STEPS.get(materialization.asset_key.path[0])
    rows = materialization.metadata.get("dagster/row_count")
    if step:
        tables, total = outcome.rows_per_step.get(step, (0, 0))
        outcome.rows_per_step[step] = (tables + 1, total + (int(rows.value) if rows else 0))
        outcome.rows_per_step = {s: outcome.rows_per_step[s] for s in _STEPS.values() if s in outcome.rows_per_step}


def _add_check(outcome: Outcome, check: Any) -> None:
    if check.passed:
        outcome.checks_passed += 1
        return
    outcome.checks_failed += 1
    name = "/".join(check.asset_key.path)
    if check.check_name == "was_extracted":
        source = check.asset_key.path[1]
        outcome.failed_sources.setdefault(source, check.description or "")
    else:
        outcome.failed_checks.append(f"{check.severity.value} {name}: {check.check_name}")


def _reason(event: Any) -> str:
    data = event.event_specific_data
    step = f"step {event.step_key}: " if event.step_key else ""
    failure = getattr(data, "user_failure_data", None)
    if failure and failure.description:
        return failure.description
    error = getattr(data, "error", None) or getattr(event, "engine_event_data", None)
    while error is not None and getattr(error, "cause", None):
        error = error.cause
    # a driver's own text may quote rows: only errors of our own are told in full
    message = (getattr(error, "message", "") or event.message or "").strip()
    name, _, text = message.partition(": ")
    return text if name.startswith("orchestration.errors.") else step + name
