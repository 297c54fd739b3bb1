"""The jobs that a person starts, put together. Not here: any of them, or the nightly one (jobs.py)."""

import dagster as dg

from orchestration.core.settings import Settings
from orchestration.defs.backfill import backfill_job
from orchestration.defs.identity import training_job
from orchestration.defs.jobs import rebuild_identity_job
from orchestration.defs.prediction import train_scores_job
from orchestration.defs.privacy import erase_job, export_job


def jobs_by_hand(settings: Settings) -> list[dg.JobDefinition]:
    return [
        rebuild_identity_job(), training_job(), train_scores_job(), backfill_job(settings), erase_job(), export_job(),
    ]  # fmt: skip
