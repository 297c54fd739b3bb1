"""The scores of a night. Here: which fit scores, what is told. Not here: when one is made anew (fitting.py), models, tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from orchestration.core.settings import ScoreSettings
from orchestration.core.warehouse import transaction
from orchestration.prediction.nightly.drift import Drift, forget_features, note_drift, told
from orchestration.prediction.nightly.estimators import SCORED_DDL, Estimator
from orchestration.prediction.nightly.fitting import fit_anew, is_due, kept, learnt_from
from orchestration.prediction.nightly.tables import forget_rows, prepare_scores, standing_fit, write_rows
from orchestration.prediction.warehouse.known import shared_past


@dataclass(frozen=True)
class Told:
    """What a night did with an estimator. `held_back`: score → why its new fit is not used for it; `is_used`: for others it is;
    `why_no_fit`: why there is no new one, where the last one goes on; `why_not`: why there are no scores."""

    model: str
    version: str = ""
    rows: int = 0
    is_fitted: bool = False
    held_back: dict[str, str] = field(default_factory=dict)
    is_used: bool = False
    why_no_fit: str = ""
    why_not: str = ""
    drift: Sequence[Drift] = ()

    def __str__(self) -> str:
        if self.why_not:
            return f"{self.model}: no scores: {self.why_not}"
        fit = f"; no new fit: {self.why_no_fit}" if self.why_no_fit else ", fitted tonight" if self.is_fitted else ""
        return f"{self.model}: {self.rows:,} scores by {self.version}{fit}"

    @property
    def warning(self) -> str:
        """What the sum of the run says; "" where nothing is held back, and nothing could not be learnt."""
        if self.why_no_fit:
            return f"There is no new fit of {self.model} ({self.why_no_fit}): the scores are by the last one ({self.version}), until it is too old"
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
    con: duckdb.DuckDBPyConnection,
    estimators: Sequence[Estimator],
    settings: ScoreSettings,
    as_of: datetime,
    *,
    before_each: Callable[[], object] = lambda: None,
) -> list[Told]:
    """Brings `scores` up to the night. Nobody who may not be profiled is in a fit or has a score. `before_each` is called before each model."""
    prepare_scores(con)
    names = [score.name for estimator in estimators for score in estimator.scores]
    if not settings.enabled:
        names, estimators = [], ()
    with transaction(con):
        # a score that nothing makes any more
        con.execute("delete from scores.customer_scores where not list_contains($1::varchar[], score)", [names])
    found = []
    with shared_past(con):
        for estimator in estimators:
            before_each()
            found.append(_one(con, estimator, settings, as_of))
    return found


def _one(con: duckdb.DuckDBPyConnection, estimator: Estimator, settings: ScoreSettings, as_of: datetime) -> Told:
    inputs = learnt_from(con, estimator, as_of)
    tried, held_back, why_not = "", dict[str, str](), ""
    # where there is nothing to learn from, it says so
    if not inputs or is_due(con, estimator, inputs, settings, as_of):
        tried, held_back, why_not = fit_anew(con, estimator, inputs, settings, as_of)
    standing = standing_fit(con, estimator.name)
    if why_not:
        standing = kept(standing, settings, as_of)
    if standing is None:
        return _without(con, estimator, why_not or "no fit is good enough yet")
    con.execute(SCORED_DDL)
    forget_features(con)
    estimator.score(con, standing.content, as_of)
    with transaction(con):
        rows = write_rows(con, estimator, standing, as_of)
        names = [score.name for score in estimator.scores]
        drift = note_drift(con, estimator.name, standing.version, names, as_of)
    forget_features(con)
    if why_not and not rows:
        return Told(estimator.name, why_not=why_not)
    return Told(
        estimator.name,
        standing.version,
        rows,
        bool(tried),
        held_back,
        is_used=standing.version == tried,
        why_no_fit=why_not,
        drift=drift,
    )


def _without(con: duckdb.DuckDBPyConnection, estimator: Estimator, why: str) -> Told:
    with transaction(con):
        forget_rows(con, estimator)
    return Told(estimator.name, why_not=why)
