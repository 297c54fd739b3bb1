"""The nightly job and its schedule, who is told when it fails or requests of people are overdue, and what no night follows."""

from typing import Any

import dagster as dg

from orchestration.core.clock import now
from orchestration.core.configuration import home_and_config
from orchestration.core.settings import Settings
from orchestration.core.settings.maps import MAX_AGE_HOURS
from orchestration.defs.resources import FULL_REFRESH_TAG, NIGHTLY, RECALIBRATE_TAG
from orchestration.publishing.shown import close_outdated
from orchestration.run.alerts import WENT_ON, send_alert
from orchestration.run.overdue import tell_overdue

# the check of each raw table that its source could be read
WAS_EXTRACTED = "was_extracted"
# seconds
_LOOKED_FOR_EVERY = 3600
LAUNCHED_BY_CLI = {"kundbild/launched_by": "cli"}


def nightly_job(settings: Settings) -> Any:
    return dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        description="Source systems to publication, everything, in one process.",
        # twenty empty steps take 45 s with a process each, 5 s in one
        executor_def=dg.in_process_executor,
        tags={"dagster/max_runtime": str(settings.schedule.run_timeout_minutes * 60)},
    )


def rebuild_identity_job() -> Any:
    return dg.define_asset_job(
        "rebuild_identity",
        selection=dg.AssetSelection.groups("identity", "marts", "scores", "segments"),
        description="Compare all people anew and rebuild what stands on it; the next night publishes. Ids and decisions stay.",
        executor_def=dg.in_process_executor,
        tags={RECALIBRATE_TAG: "true", FULL_REFRESH_TAG: "true"},
    )


def nightly_schedule(settings: Settings, job: Any) -> dg.ScheduleDefinition:
    status = dg.DefaultScheduleStatus.RUNNING if settings.schedule.enabled else dg.DefaultScheduleStatus.STOPPED
    # Dagster runs a wall-clock time once a date, on both days that the clocks change
    return dg.ScheduleDefinition(
        name="nightly_schedule",
        job=job,
        cron_schedule=settings.schedule.nightly,
        execution_timezone=settings.schedule.timezone,
        default_status=status,
    )


def failure_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="failure_alert",
        description="Sends the configured webhook and email when a run fails.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def alert(context: dg.RunFailureSensorContext) -> None:
        if not LAUNCHED_BY_CLI.items() <= context.dagster_run.tags.items():  # the CLI tells by itself
            send_alert(
                settings.alerts, settings.company, context.dagster_run.run_id, context.failure_event.message or ""
            )

    return alert


def stale_sensor(settings: Settings, job: Any) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="stale_source_alert",
        monitored_jobs=[job],
        description="Sends the configured webhook and email when a night went on without a source.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def alert(context: dg.RunStatusSensorContext) -> None:
        run = context.dagster_run
        if LAUNCHED_BY_CLI.items() <= run.tags.items():
            return
        events = context.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        checks = [entry.dagster_event.asset_check_evaluation_data for entry in events if entry.dagster_event]
        stale = sorted({c.asset_key.path[1] for c in checks if c.check_name == WAS_EXTRACTED and not c.passed})
        if stale:
            send_alert(settings.alerts, settings.company, run.run_id, f"Sources: {', '.join(stale)}", WENT_ON)

    return alert


def overdue_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="overdue_requests_alert",
        minimum_interval_seconds=_LOOKED_FOR_EVERY,
        description="Sends the configured webhook and email when a request of a person is past its day, once a day, also where no "
        "night runs.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def alert(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        home, _ = home_and_config()
        remembered, said = tell_overdue(home, settings, context.cursor or "", now())
        context.update_cursor(remembered)
        return dg.SkipReason(said)

    return alert


def outdated_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name="outdated_audiences",
        minimum_interval_seconds=_LOOKED_FOR_EVERY,
        description=f"Empties published audiences and permissions {MAX_AGE_HOURS} hours after their night, where no other night followed.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def close(_: dg.SensorEvaluationContext) -> dg.SkipReason:
        home, _config = home_and_config()
        return dg.SkipReason(close_outdated(home, now()))

    return close
