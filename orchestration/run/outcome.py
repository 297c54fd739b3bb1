"""What a run did, out of Dagster's events: rows of each step, checks, sources that could not be read, why it failed.

Not here: launching it (launch.py), telling it on a terminal (cli/).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data_quality.checks import by_source
from orchestration.core.configuration import home_and_config
from orchestration.core.disk import DiskFullError, full_disk
from orchestration.extract.records import STALE
from orchestration.privacy.rights.deadlines import ANSWERED_IN_TIME

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


def sum_up(result: Any) -> Outcome:
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
            add_rows(outcome, event.event_specific_data.materialization)
        elif kind == "ASSET_CHECK_EVALUATION":
            add_check(outcome, event.event_specific_data, failed)
        elif kind == "STEP_SKIPPED":
            skipped.add(event.step_key)
        elif kind in ("STEP_FAILURE", "PIPELINE_FAILURE", "RESOURCE_INIT_FAILURE") and not outcome.error:
            outcome.error, outcome.is_disk_full = reason_of(event, home.root)
    outcome.failed_sources = {source: of_all(said) for source, said in failed.items()}
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


def add_rows(outcome: Outcome, materialization: Any) -> None:
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


def add_check(outcome: Outcome, check: Any, failed: dict[str, list[str]]) -> None:
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


def of_all(messages: list[str]) -> str:
    """What the tables of a source say, each thing once. Tables that were not asked any more say all that the others do."""
    said = list(dict.fromkeys(messages))
    said = [one for one in said if not any(other != one and other in one for other in said)]
    more = len(said) - _MOST_TOLD
    return "\n".join(said[:_MOST_TOLD] + ([f"and {more} more: `kundbild status` lists all"] if more > 0 else []))


def headlines(said: str) -> str:
    """The first line of each message: where, and what to do, is indented below it."""
    return "; ".join(line for line in said.splitlines() if not line.startswith(" "))


def reason_of(event: Any, home: Path) -> tuple[str, bool]:
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
