"""Scores of customers as assets. Not here: models, and what holds a fit back (orchestration/prediction)."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.core.settings import Settings
from orchestration.core.warehouse import count_rows, give_memory_back
from orchestration.defs.resources import NightResource
from orchestration.prediction.nightly.predict import predict
from orchestration.prediction.nightly.registry import estimators
from orchestration.prediction.warehouse.arms import note_export_arms
from orchestration.run.progress import NOTE, tell
from orchestration.run.train_scores import train_models

_TABLES = {
    "customer_scores": "One row per customer who may be profiled and score: what the customer is expected to do, how sure that is, and why.",
    "score_quality": "One row per score, fit and measure: how good it was on a past it had not seen, beside a simple rule; whether the fit is held back.",
    "score_drift": "One row per night, model and column that it reads, or score: how far it is from the first night of the fit.",
    "score_models": "One row per fit that scores, or was tried last.",
}


def prediction_assets(settings: Settings) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="predict",
        specs=[
            dg.AssetSpec(
                key=["scores", table],
                group_name="scores",
                description=description,
                deps=[["marts", "customer_profile"], *(["marts", mart] for mart in sorted(_read(settings)))],
                owners=[settings.owner],
                kinds={"python", "duckdb"},
                metadata={"dagster/table_name": f"scores.{table}"},
            )
            for table, description in _TABLES.items()
        ],
        description="Marts → what customers are expected to do, without customers who may not be profiled.",
    )
    def predict_night(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        run = night.night
        with run.warehouse() as con:
            note_export_arms(con, run.settings.privacy.pepper)
            models = estimators(run.settings.scores, run.settings.insight)
            # a fit needs as much memory as DuckDB may have
            free = partial(give_memory_back, con, run.settings.engine)
            for told in predict(con, models, run.settings.scores, run.as_of, before_each=free):
                tell("scores", str(told))
                for warning in filter(None, (told.warning, told.drift_warning)):
                    tell(NOTE, warning)
            counts = {table: count_rows(con, f"scores.{table}", "true") for table in _TABLES}
        for table, rows in counts.items():
            yield dg.MaterializeResult(asset_key=["scores", table], metadata={"dagster/row_count": rows})

    return predict_night


class Trained(dg.Config):
    """Which models, or scores, are fitted; none named means all."""

    names: list[str] = Field(default=[])


def train_scores_job() -> dg.JobDefinition:
    @dg.op(description="Marts of the last night → new fits of scores, held back where they are worse.")
    def train_scores_anew(context: dg.OpExecutionContext, config: Trained, night: NightResource) -> None:
        run = night.night
        with run.warehouse() as con:
            found = train_models(con, run.settings, config.names, lambda detail: tell("scores", detail))
        for one in found:
            tell(NOTE if one.held_back else "scores", str(one))
        context.add_output_metadata({one.model: str(one) for one in found})

    @dg.job(
        name="train_scores",
        description="Fit scores anew on the last night's marts; the next run scores by what is used.",
        executor_def=dg.in_process_executor,
    )
    def train_scores() -> None:
        train_scores_anew()

    return train_scores


def _read(settings: Settings) -> set[str]:
    return {mart for estimator in estimators(settings.scores, settings.insight) for mart in estimator.marts}
