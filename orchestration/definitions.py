"""The Dagster code location: what there is, put together. Not here: any of the parts (defs/)."""

from __future__ import annotations

import dagster as dg

from orchestration.core.configuration import home_and_config, load_settings
from orchestration.defs.backfill import backfill_job
from orchestration.defs.extract import raw_assets
from orchestration.defs.identity import identity_assets, rights_specs, training_job
from orchestration.defs.jobs import (
    failure_sensor,
    nightly_job,
    nightly_schedule,
    outdated_sensor,
    overdue_sensor,
    rebuild_identity_job,
    stale_sensor,
)
from orchestration.defs.prediction import prediction_assets, train_scores_job
from orchestration.defs.privacy import erase_job, export_job, privacy_assets
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
        jobs=[
            job,
            rebuild_identity_job(),
            training_job(),
            train_scores_job(),
            backfill_job(settings),
            erase_job(),
            export_job(),
        ],
        schedules=[nightly_schedule(settings, job)],
        sensors=[failure_sensor(settings), stale_sensor(settings, job), overdue_sensor(settings), outdated_sensor()],
        resources={"night": night or NightResource()},
    )


defs = build_defs()
