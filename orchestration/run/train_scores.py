"""Fits of scores that somebody asks for between two nights, for the command and the job. Here: from whom they learn. Not here: fitting
(prediction/nightly/training.py)."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.activation.profiled import profiled_by_now
from orchestration.core.clock import now as time_now
from orchestration.core.settings import Settings
from orchestration.prediction.nightly.registry import estimators
from orchestration.prediction.nightly.training import Progress, Trained, train
from orchestration.prediction.warehouse.arms import note_export_arms


def train_models(
    con: duckdb.DuckDBPyConnection, settings: Settings, names: Sequence[str], tell: Progress
) -> list[Trained]:
    """Fits the models or scores of these names, or all, of who may be profiled by now. Raises KundbildError as `train` does."""
    with profiled_by_now(con, time_now()):
        note_export_arms(con, settings.privacy.pepper)
        return train(con, estimators(settings.scores, settings.insight), settings.scores, names, tell)
