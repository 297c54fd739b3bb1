"""What the campaigns with a hold-out say, as the nightly keeps it. Here: whether a ranking is better than chance, measures, content, card. Not
here: the estimator (moved.py), arms (warehouse/arms.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.members import single_threaded
from orchestration.prediction.nightly.estimators import About, Measure, error_of
from orchestration.prediction.uplift.kept import kept_learner
from orchestration.prediction.uplift.learner import FEWEST, SAME, learn_lift
from orchestration.prediction.uplift.lots import MeanLift
from orchestration.prediction.uplift.qini import TENTHS, Qini, qini, tenths
from orchestration.prediction.warehouse.arms import Drawn
from orchestration.prediction.warehouse.reasons import line_of

UPLIFT = "uplift_campaign"
# standard errors that a ranking must be better than chance: each fit is another try
_STANDARD_ERRORS = 3.0
Array = NDArray[Any]


@dataclass(frozen=True)
class Ranking:
    """What a learner said of customers that it did not see, how well that ranks them, and what was seen of each tenth, the lowest first."""

    said: Array
    qini: Qini
    tenths: list[dict[str, Any]]

    @property
    def error(self) -> float:
        return error_of(self.qini.low, self.qini.high)

    @property
    def is_better(self) -> bool:
        return self.qini.value > _STANDARD_ERRORS * self.error


def ranking_of(learn: Drawn, test: Drawn) -> Ranking | None:
    """None where too few of an arm, or of an answer in it, teach or measure any ranking."""
    if min(min(int(rows.is_treated.sum()), int((~rows.is_treated).sum())) for rows in (learn, test)) < FEWEST:
        return None
    with single_threaded():
        learner = learn_lift(learn.values, learn.kinds, learn.is_treated, learn.outcome, lots=learn.lots)
    if learner.kind == SAME:
        return None
    said = learner.predict(test.values)
    seen = tenths(said, test.is_treated, test.outcome, is_rate=True, lots=test.lots)[::-1]
    return Ranking(said, qini(said, test.is_treated, test.outcome, lots=test.lots), seen)


def measures_of_lift(whole: Drawn, mean: MeanLift, campaigns: int, found: Ranking | None) -> list[Measure]:
    """The Qini is of what scores: without a ranking that is better than chance, it is that of chance."""
    told = [
        Measure(UPLIFT, "mean_lift", mean.lift, 0.0, error_of(mean.low, mean.high)),
        Measure(UPLIFT, "mean_lift_low", mean.low),
        Measure(UPLIFT, "mean_lift_high", mean.high),
        Measure(UPLIFT, "customers", float(len(np.unique(whole.customers)))),
        Measure(UPLIFT, "messages", float(whole.is_treated.sum())),
        Measure(UPLIFT, "held_out", float((~whole.is_treated).sum())),
        Measure(UPLIFT, "campaigns", float(campaigns)),
    ]
    if found is None:
        return [Measure(UPLIFT, "qini", 0.0, 0.0), *told]
    tried = Measure(UPLIFT, "qini_of_the_ranking_tried", found.qini.value, 0.0, found.error)
    used = (
        Measure(UPLIFT, "qini", found.qini.value, 0.0, found.error)
        if found.is_better
        else Measure(UPLIFT, "qini", 0.0, 0.0)
    )
    return [used, tried, *told]


def content_of(mean: MeanLift, whole: Drawn, test: Drawn, ranking: Ranking | None) -> dict[str, Any]:
    """Without personal data: counts, cuts and slopes of columns. `lows` and `highs` are the interval of what was seen of each tenth of
    the ranking, the lowest first."""
    interval = [mean.low, mean.high]
    same: dict[str, Any] = {"learner": None, "mean_lift": mean.lift, "interval": interval}
    if ranking is None:
        return same
    with single_threaded():
        learner = learn_lift(whole.values, whole.kinds, whole.is_treated, whole.outcome, lots=whole.lots)
    place = np.searchsorted(np.sort(ranking.said), ranking.said) / len(ranking.said)
    line = line_of(test.values, np.clip(place, 0.01, 0.99)).features
    return same | {
        "learner": kept_learner(learner),
        "kinds": whole.kinds,
        "bounds": np.quantile(ranking.said, np.arange(1, TENTHS) / TENTHS).tolist(),
        "lows": [interval[0] if row["lift_low"] is None else row["lift_low"] for row in ranking.tenths],
        "highs": [interval[1] if row["lift_high"] is None else row["lift_high"] for row in ranking.tenths],
        "line": {name: list(parts) for name, parts in line.items()},
    }


def about_of_lift(whole: Drawn, test: Drawn, found: Ranking | None) -> About:
    """For the card: a tenth of the ranking is a group of the curve, what was said beside the lift that was seen."""
    days = whole.sent_at.astype("datetime64[D]")
    data = [
        f"Learnt from {len(np.unique(days))} days with campaigns that held customers out, {days.min()} to {days.max()}: "
        f"{int(whole.is_treated.sum()):,} messages, {int((~whole.is_treated).sum()):,} held out."
    ]
    if found is None:
        return About([*data, "Too few of an arm ordered to learn who is moved more: everybody has the mean lift."])
    data.append(
        f"Measured on {len(test.outcome):,} messages and held-out customers that the measured ranking had not seen."
    )
    if not found.is_better:
        return About([*data, "No ranking is clearly better than chance: everybody has the mean lift."])
    curve = [(row["said"], row["lift"], row["customers"]) for row in found.tenths if row["lift"] is not None]
    return About(data, curve)
