"""From a model's logit to a probability that is kept. Here: none, Platt's line or isotonic steps, chosen on rows that the model did
not see. Not here: the model (classifier.py), the measure (quality.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.members import fit_linear
from orchestration.prediction.classify.quality import log_loss

NONE, PLATT, ISOTONIC = "none", "platt", "isotonic"
# steps need many rows: below this they follow chance
_FEWEST_FOR_STEPS = 1000
# log loss that a correction must gain: less is chance
_LEAST_GAIN = 0.0005
_EDGE = 0.001


@dataclass(frozen=True)
class Calibrator:
    """Of Platt: slope and intercept; of isotonic steps: logits and the probability from each on."""

    kind: str = NONE
    at: tuple[float, ...] = ()
    to: tuple[float, ...] = ()

    def __call__(self, logit: NDArray[Any]) -> NDArray[np.float64]:
        if self.kind == ISOTONIC:
            return np.asarray(np.clip(np.interp(logit, self.at, self.to), _EDGE, 1 - _EDGE))
        slope, intercept = (self.at[0], self.to[0]) if self.kind == PLATT else (1.0, 0.0)
        return np.asarray(1 / (1 + np.exp(-np.clip(slope * logit + intercept, -30, 30))))


def choose_calibrator(logit: NDArray[Any], label: NDArray[Any], rows: int, *, seed: int = 0) -> Calibrator:
    """The calibrator with the least log loss on folds of these predictions; none where another gains next to nothing.

    `rows` is how many customers there are: predictions of several repeats are of the same ones.
    """
    fold = np.tile(np.random.default_rng(seed).permutation(rows) % 5, len(label) // rows)
    kinds = [NONE, PLATT, *([ISOTONIC] if rows >= _FEWEST_FOR_STEPS else [])]
    loss = {}
    for kind in kinds:
        told = np.zeros(len(label))
        for f in range(5):
            told[fold == f] = _fit(kind, logit[fold != f], label[fold != f])(logit[fold == f])
        loss[kind] = log_loss(label, told)
    best = min(loss, key=loss.__getitem__)
    return _fit(best if loss[best] < loss[NONE] - _LEAST_GAIN else NONE, logit, label)


def _fit(kind: str, logit: NDArray[Any], label: NDArray[Any]) -> Calibrator:
    if kind == PLATT:
        line = fit_linear(logit[:, None], label, 1e3)
        # a slope below zero would turn the ranking round: the scores say nothing then
        return Calibrator(PLATT, (max(float(line.weights[0]), 0.0),), (line.intercept,))
    if kind == ISOTONIC:
        from sklearn.isotonic import IsotonicRegression

        steps = IsotonicRegression(out_of_bounds="clip").fit(logit, label)
        return Calibrator(ISOTONIC, tuple(steps.X_thresholds_.tolist()), tuple(steps.y_thresholds_.tolist()))
    return Calibrator()
