"""Fits of estimators. Here: when one is due, making it, whether it is used. Not here: what holds it back (hold_back.py), scoring."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

import duckdb

from orchestration.core.settings import ScoreSettings
from orchestration.core.warehouse import transaction
from orchestration.prediction.nightly.estimators import Estimator
from orchestration.prediction.nightly.hold_back import gains, reasons_against
from orchestration.prediction.nightly.tables import (
    Standing,
    forget_fits,
    last_tried,
    measures_of,
    note_fit,
    standing_fit,
)


def learnt_from(con: duckdb.DuckDBPyConnection, estimator: Estimator, as_of: datetime) -> str:
    """A digest of what a fit is learnt from, and of its shape; "" where there is nothing. Fits of another shape are forgotten."""
    shape = f"{estimator.shape}:"
    inputs = estimator.inputs(con, as_of)
    forget_fits(con, estimator.name, unless_like=shape)
    return f"{shape}{inputs}" if inputs else ""


def is_due(
    con: duckdb.DuckDBPyConnection, estimator: Estimator, inputs: str, settings: ScoreSettings, as_of: datetime
) -> bool:
    """Whether there is no fit, or it is of a later time than the night, or it is old and something is known that was not, or it was held back
    for one that is too old by now."""
    tried = last_tried(con, estimator.name)
    if tried is None:
        return True
    version, tried_at, tried_inputs = tried
    if as_of < tried_at:
        return True
    standing = standing_fit(con, estimator.name)
    is_held_back = standing is not None and standing.version != version
    is_over = is_held_back and kept(standing, settings, as_of) is None
    return (inputs != tried_inputs or is_over) and as_of - tried_at >= timedelta(days=settings.refit_days)


def kept(standing: Standing | None, settings: ScoreSettings, as_of: datetime) -> Standing | None:
    """The fit that goes on where there is no good new one; None where it is too old, or of a later time than the night."""
    if standing is None or standing.as_of > as_of or as_of - standing.as_of > timedelta(days=settings.keep_fit_days):
        return None
    return standing


def fit_anew(
    con: duckdb.DuckDBPyConnection, estimator: Estimator, inputs: str, settings: ScoreSettings, as_of: datetime
) -> tuple[str, dict[str, str], str]:
    """Fits and decides: (version, score → why it is held back, why nothing can be learned). `inputs` are by learnt_from."""
    if not inputs:
        return "", {}, "there is nothing to learn from yet"
    found = estimator.fit(con, as_of)
    if found.why_not:
        return "", {}, found.why_not
    digest = hashlib.sha256(json.dumps(found.content, sort_keys=True).encode()).hexdigest()[:8]
    version = f"{estimator.name}-{as_of:%Y-%m-%d}-{digest}"
    standing = standing_fit(con, estimator.name)
    if standing is not None and standing.as_of > as_of:
        # a fit that knows what came after the night is no measure of one that does not
        forget_fits(con, estimator.name)
        standing = None
    standing = kept(standing, settings, as_of)
    # a score that it does not tell is nothing to lose
    last_told = [score for score in estimator.scores if standing and score.name not in standing.without_scores]
    last = gains(last_told, measures_of(con, standing.version)) if standing else {}
    against = reasons_against(estimator.scores, found.measures, last, settings.most_lost)
    # where an earlier fit stands, it goes on with all its scores; else what is not good enough is not told
    is_held_back = any(score.name in against for score in last_told)
    fit = Standing(version, as_of, inputs, found.content, [] if is_held_back else sorted(against))
    with transaction(con):
        note_fit(
            con,
            estimator.name,
            fit,
            measures=found.measures,
            baselines=found.baselines,
            about=found.about,
            held_back=is_held_back,
            why=against,
        )
    return version, against, ""
