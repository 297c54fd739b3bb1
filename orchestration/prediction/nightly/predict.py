"""The scores of a night. Here: which estimators are fitted anew, which fit scores, what is told. Not here: models, tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

from orchestration.core.settings import ScoreSettings
from orchestration.core.warehouse import transaction
from orchestration.prediction.nightly.drift import Drift, forget_features, note_drift, told
from orchestration.prediction.nightly.estimators import SCORED_DDL, Estimator
from orchestration.prediction.nightly.hold_back import gains, reasons_against
from orchestration.prediction.nightly.tables import (
    Standing,
    forget_fits,
    forget_rows,
    last_tried,
    measures_of,
    note_fit,
    prepare_scores,
    standing_fit,
    write_rows,
)


@dataclass(frozen=True)
class Told:
    """What a night did with an estimator. `held_back`: score → why its new fit is not used for it; `is_used`: for others it is;
    `why_not`: why there are no scores."""

    model: str
    version: str = ""
    rows: int = 0
    is_fitted: bool = False
    held_back: dict[str, str] = field(default_factory=dict)
    is_used: bool = False
    why_not: str = ""
    drift: Sequence[Drift] = ()

    def __str__(self) -> str:
        if self.why_not:
            return f"{self.model}: no scores: {self.why_not}"
        return f"{self.model}: {self.rows:,} scores by {self.version}{', fitted tonight' if self.is_fitted else ''}"

    @property
    def warning(self) -> str:
        """What the sum of the run says; "" where nothing is held back."""
        if not self.held_back:
            return ""
        against = "; ".join(f"{score}: {why}" for score, why in self.held_back.items())
        which = "leaves out" if self.is_used else "is held back"
        after = "the other scores are by it" if self.is_used else f"the scores are by the last one ({self.version})"
        return f"A new fit of {self.model} {which} ({against}): {after if self.rows else 'it is not scored'}; see kundbild scores list"

    @property
    def drift_warning(self) -> str:
        """What the sum of the run says of customers or scores that are not those of the fit any more; "" where they are."""
        return told(self.model, self.drift)


def predict(
    con: duckdb.DuckDBPyConnection, estimators: Sequence[Estimator], settings: ScoreSettings, as_of: datetime
) -> list[Told]:
    """Brings `scores` up to the night. Nobody who may not be profiled is in a fit or has a score."""
    prepare_scores(con)
    names = [score.name for estimator in estimators for score in estimator.scores]
    if not settings.enabled:
        names, estimators = [], ()
    with transaction(con):
        # a score that nothing makes any more
        con.execute("delete from scores.customer_scores where not list_contains($1::varchar[], score)", [names])
    return [_one(con, estimator, settings, as_of) for estimator in estimators]


def _one(con: duckdb.DuckDBPyConnection, estimator: Estimator, settings: ScoreSettings, as_of: datetime) -> Told:
    inputs = estimator.inputs(con, as_of)
    if not inputs:
        return _without(con, estimator, "there is nothing to learn from yet")
    inputs = f"{_shape(estimator)}{inputs}"
    forget_fits(con, estimator.name, unless_like=_shape(estimator))
    is_fitted = _is_due(con, estimator, inputs, settings, as_of)
    held_back: dict[str, str] = {}
    tried = ""
    if is_fitted:
        tried, held_back, why_not = _fit(con, estimator, inputs, settings, as_of)
        if why_not:
            return _without(con, estimator, why_not)
    standing = standing_fit(con, estimator.name)
    if standing is None:
        return _without(con, estimator, "no fit is good enough yet")
    con.execute(SCORED_DDL)
    forget_features(con)
    estimator.score(con, standing.content, as_of)
    with transaction(con):
        rows = write_rows(con, estimator, standing, as_of)
        names = [score.name for score in estimator.scores]
        drift = note_drift(con, estimator.name, standing.version, names, as_of)
    forget_features(con)
    return Told(
        estimator.name,
        standing.version,
        rows,
        is_fitted,
        held_back,
        is_used=standing.version == tried,
        drift=drift,
    )


def _shape(estimator: Estimator) -> str:
    return f"{estimator.shape}:"


def _is_due(
    con: duckdb.DuckDBPyConnection, estimator: Estimator, inputs: str, settings: ScoreSettings, as_of: datetime
) -> bool:
    """Whether there is no fit, or it is of a later time than the night, or it is old and something came since, or it was held back
    for one that is too old by now."""
    tried = last_tried(con, estimator.name)
    if tried is None:
        return True
    version, tried_at, tried_inputs = tried
    if as_of < tried_at:
        return True
    standing = standing_fit(con, estimator.name)
    is_held_back = standing is not None and standing.version != version
    is_over = is_held_back and _kept(standing, settings, as_of) is None
    return (inputs != tried_inputs or is_over) and as_of - tried_at >= timedelta(days=settings.refit_days)


def _kept(standing: Standing | None, settings: ScoreSettings, as_of: datetime) -> Standing | None:
    """The fit that a new one may be held back for; None where it is too old."""
    if standing is None or as_of - standing.as_of > timedelta(days=settings.keep_fit_days):
        return None
    return standing


def _fit(
    con: duckdb.DuckDBPyConnection, estimator: Estimator, inputs: str, settings: ScoreSettings, as_of: datetime
) -> tuple[str, dict[str, str], str]:
    """Fits and decides: (version, score → why it is held back, why nothing can be learned)."""
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
    standing = _kept(standing, settings, as_of)
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


def _without(con: duckdb.DuckDBPyConnection, estimator: Estimator, why: str) -> Told:
    with transaction(con):
        forget_rows(con, estimator)
    return Told(estimator.name, why_not=why)
