"""What data protection does in a night, as assets, and the jobs by which an officer works in the UI.

Not here: taking up requests (run/requests.py), retention, subject access (privacy/), erasing (run/erase.py).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.core.clock import now
from orchestration.core.configuration import home_and_config, load_settings
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.defs.resources import NightResource
from orchestration.privacy.audit.log import audit_log
from orchestration.privacy.erasure.retention import forget_expired
from orchestration.privacy.erasure.too_old import told_of_came, too_old_in_raw
from orchestration.privacy.intake.request_words import SOURCE
from orchestration.privacy.rights.correction_checks import rewrite_dates
from orchestration.privacy.rights.deadlines import ANSWERED_IN_TIME, deadlines
from orchestration.privacy.rights.held_rows import find_held
from orchestration.privacy.rights.rights_keys import key_rights
from orchestration.privacy.rights.subjects import Subject
from orchestration.privacy.secrets.job_tokens import spend_token
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.answers import answer
from orchestration.run.erase import erase as erase_people
from orchestration.run.progress import NOTE, tell
from orchestration.run.publications import newest_load_and_project
from orchestration.run.requests import take_up_requests

REQUESTS, RETENTION = ["privacy", "data_requests"], ["privacy", "retention"]


def privacy_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The night's two duties before anything is built of people, each with the counts of what it did."""
    requested = list(settings.enabled_sources[SOURCE].tables) if SOURCE in settings.enabled_sources else []
    raw = [["raw", name, table] for name, source in settings.enabled_sources.items() for table in source.tables]
    shared: dict[str, Any] = {"group_name": "privacy", "owners": [settings.owner], "kinds": {"python", "duckdb"}}

    # of several for its check's sake: one that cannot be a part is refused where the check is run without it
    @dg.multi_asset(
        name="__".join(REQUESTS),
        specs=[
            dg.AssetSpec(
                key=REQUESTS,
                deps=[["raw", SOURCE, table] for table in requested],
                description="Requests that came with the sources (erase, export, object, restrict, rectify), taken up tonight: how "
                "many ended in which state. `kundbild requests` lists them.",
                **shared,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                ANSWERED_IN_TIME,
                asset=REQUESTS,
                description="No request of a person is past the day by which it is to be answered (Art. 12(3)): answer it, or "
                "`kundbild requests close`.",
            )
        ],
        can_subset=True,
    )
    def data_requests(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        run = night.night
        with run.warehouse() as con:
            taken_up, unread = None, []
            if context.selected_asset_keys:
                taken_up = take_up_requests(con, run.home, run.settings, now())
                unread = rewrite_dates(con)
                key_rights(con, find_pepper(con, run.settings.privacy.pepper))
            clock = deadlines(con, now().date())
        if str(clock):
            tell(NOTE, str(clock))
        if unread:
            tell(
                NOTE,
                f"Corrections of a birth date that is not a date: {', '.join(unread)}. It counts as unknown; correct it again",
            )
        if taken_up:
            told = ", ".join(f"{number} {state}" for state, number in sorted(taken_up.items()))
            tell(NOTE, f"Requests of people: {told}; see kundbild requests")
        if taken_up is not None:
            counts: dict[str, Any] = {str(state): number for state, number in taken_up.items()}
            metadata = {"dagster/row_count": sum(taken_up.values()), **counts}
            yield dg.MaterializeResult(asset_key=REQUESTS, metadata=metadata)
        if context.selected_asset_check_keys:
            yield dg.AssetCheckResult(
                asset_key=REQUESTS,
                check_name=ANSWERED_IN_TIME,
                passed=not clock.overdue,
                severity=dg.AssetCheckSeverity.WARN,
                description=str(clock),
                metadata={"overdue": clock.overdue, "due_soon": clock.soon},
            )

    @dg.asset(
        key=RETENTION,
        deps=[REQUESTS, *raw],
        description="Rows of raw tables that are older than their retention, deleted tonight: how many of which table.",
        **shared,
    )
    def retention(night: NightResource) -> dg.MaterializeResult:
        run = night.night
        with run.warehouse() as con:
            is_rebuild = run.is_rebuild(con, "conformed")
            held = find_held(con, run.settings, find_pepper(con, run.settings.privacy.pepper), now().date())
            after_load, _ = newest_load_and_project(con)
            own, today = run.settings, run.as_of.date()
            came = {s: too_old_in_raw(con, s, own, today, after_load=after_load) for s in own.enabled_sources}
            gone = forget_expired(con, own, today, is_rebuild=is_rebuild, held=held)
        if gone:
            audit_log(run.home, run.settings.privacy).append("retention", detail={"rows": sum(gone.values())})
            told = f"Older than their retention, deleted, or made nobody's where something was sold: {sum(gone.values()):,} rows"
            tables = ", ".join(f"{table} {rows:,}" for table, rows in gone.items())
            tell(NOTE, f"{told} ({tables}); [privacy] retention_days says how long rows stay")
        for line in told_of_came(came, run.settings.privacy.retention_days):
            tell(NOTE, line)
        if held.rows:
            tell(
                NOTE, f"Older than their retention, kept under a legal hold: {held.rows:,} rows; see kundbild hold list"
            )
        return dg.MaterializeResult(metadata={"dagster/row_count": sum(gone.values()), "held_back": held.rows, **gone})

    return [data_requests, retention]


class Whom(dg.Config):
    """Whom it is about: ids that mean nothing once the person is gone. Dagster keeps what it is given, so no address is taken."""

    token: str = Field(description="from `kundbild job-token`: good for one run within 15 minutes")
    customers: list[str] = Field(default=[], description="customer ids, old ones too")
    source_records: list[str] = Field(default=[], description="source records, as crm:1042")

    def subjects(self) -> list[Subject]:
        found = [Subject(customer=value) for value in self.customers]
        found += [Subject(source_record=value) for value in self.source_records]
        if not found:
            raise dg.Failure(
                description="name whom it is about: customers or source_records in the run's configuration; by an email address, "
                "`kundbild erase` and `kundbild export-subject`",
                allow_retries=False,
            )
        return found


def erase_job() -> dg.JobDefinition:
    @dg.op(description="Erases people (Art. 17) from every table, publication and byte of the home folder.")
    def erase(context: dg.OpExecutionContext, config: Whom) -> None:
        home, path = home_and_config()
        _spend(home, config)
        _tell(context, [outcome.state for outcome in erase_people(home, load_settings(path), config.subjects())])

    @dg.job(
        name="erase_customers",
        description="Erase people (Art. 17), as `kundbild erase`; `kundbild prove-erasure` proves it.",
        executor_def=dg.in_process_executor,
    )
    def erase_customers() -> None:
        erase()

    return erase_customers


def export_job() -> dg.JobDefinition:
    @dg.op(
        description="Writes everything that is held of people (Art. 15, 20) below subject_access in the home folder."
    )
    def export(context: dg.OpExecutionContext, config: Whom) -> None:
        home, path = home_and_config()
        _spend(home, config)
        _tell(context, answer(home, load_settings(path), config.subjects()))

    @dg.job(
        name="export_subject",
        description="Everything that is held of somebody, as JSON and as a page, to be sent to them; as `kundbild export-subject`.",
        executor_def=dg.in_process_executor,
    )
    def export_subject() -> None:
        export()

    return export_subject


def _spend(home: Home, config: Whom) -> None:
    try:
        spend_token(home, config.token, now())
    except KundbildError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _tell(context: dg.OpExecutionContext, states: Sequence[str]) -> None:
    context.add_output_metadata({state: states.count(state) for state in sorted(set(states))})
    if any(state != "done" for state in states):
        raise dg.Failure(
            description=f"{sum(state != 'done' for state in states)} of {len(states)} are about nobody here, about more than one "
            "customer, under a legal hold, or wait for a second person: `kundbild requests` lists them; the others are answered",
            allow_retries=False,
        )
