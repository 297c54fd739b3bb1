"""The Dagster code location: what there is, put together. Not here: any of the parts (defs/)."""

from __future__ import annotations

import dagster as dg

from orchestration.core.configuration import home_and_config, load_settings
from orchestration.defs.extract import raw_assets
from orchestration.defs.identity import identity_assets, rights_specs
from orchestration.defs.jobs import (
    failure_sensor,
    nightly_job,
    nightly_schedule,
    outdated_sensor,
    overdue_sensor,
    stale_sensor,
)
from orchestration.defs.jobs_by_hand import jobs_by_hand
from orchestration.defs.prediction import prediction_assets
from orchestration.defs.privacy import privacy_assets
from orchestration.defs.publishing import publication_assets
from orchestration.defs.quality import quality_checks
from orchestration.defs.resources import NightResource
from orchestration.defs.transform import dbt_steps, unprepared_step
from orchestration.transform.runner import Dbt


def build_defs(night: NightResource | None = None) -> dg.Definitions:
    """The definitions for the configured sources. Tests give their own `night`."""
    home, config = home_and_config()
    settings = load_settings(config)
    # compiled ahead by `kundbild run` and `kundbild prepare` (`make dev`), never here
    manifest = Dbt(settings, home.prepare()).last_manifest()
    job = nightly_job(settings)
    return dg.Definitions(
        assets=[
            *raw_assets(settings),
            *privacy_assets(settings),
            *(dbt_steps(manifest, settings) if manifest else [unprepared_step(settings)]),
            *rights_specs(settings),
            identity_assets(settings),
            prediction_assets(settings),
            publication_assets(settings),
        ],
        asset_checks=quality_checks(settings),
        jobs=[job, *jobs_by_hand(settings)],
        schedules=[nightly_schedule(settings, job)],
        sensors=[failure_sensor(settings), stale_sensor(settings, job), overdue_sensor(settings), outdated_sensor()],
        resources={"night": night or NightResource()},
    )


defs = build_defs()
