"""The chance of no purchase: corrected by how it did on a past window, and how good it was there. Here: arrays. Not here: rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.prediction.classify.quality import auc, brier, calibration_curve, calibration_error
from orchestration.prediction.pareto_nbd import Array

RATE, SHARE = "own rate so far", "share of customers without a purchase"
# what is believed of level and slope of the correction before a window is seen: none, give or take this
_BELIEVED, _WIDTH = np.array([0.0, 1.0]), np.array([0.5, 0.3])
_EDGE = 1e-4


@dataclass(frozen=True)
class Correction:
    """A line on the logit of the chance."""

    level: float = 0.0
    slope: float = 1.0

    def __call__(self, chance: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-(self.level + self.slope * _logit(chance)))))


@dataclass(frozen=True)
class ChanceQuality:
    """Measures of corrected chances on customers that did not teach the correction, beside the best simple rule.

    `against` is the rule's squared error less the model's: mean and standard error. `baseline_auc` is .5 where the rule is one
    share for all. None where all or none bought.
    """

    customers: int
    share: float
    brier: float
    auc: float | None
    calibration_error: float
    baseline: str
    baseline_brier: float
    baseline_auc: float | None
    baseline_calibration_error: float
    against: tuple[float, float]
    # (mean chance, share without a purchase, customers) of groups by chance
    curve: list[tuple[float, float, int]]


def learned_correction(chance: Array, has_none: Array) -> Correction:
    """Logistic regression of what came on what was said, drawn towards no correction: of few customers it stays near it."""
    matrix = np.stack([np.ones_like(chance), _logit(chance)], axis=1)
    at = _BELIEVED.copy()
    for _ in range(25):
        said = 1 / (1 + np.exp(-(matrix @ at)))
        gradient = matrix.T @ (has_none - said) - (at - _BELIEVED) / _WIDTH**2
        curvature = (matrix * (said * (1 - said))[:, None]).T @ matrix + np.diag(_WIDTH**-2)
        at = at + np.clip(np.linalg.solve(curvature, gradient), -0.5, 0.5)
    # a slope below zero would turn the order round
    return Correction(float(at[0]), float(max(at[1], 0.05)))


def measured_chances(chance: Array, has_none: Array, rates: Array) -> ChanceQuality:
    """`chance` and `rates` (purchases that the own rate expects) of each customer, against whether there was no purchase.

    One half of the customers teaches the correction of the other, the share of the other too.
    """
    learning = np.arange(len(chance)) % 2 == 0
    told, share = np.empty_like(chance), np.empty_like(chance)
    for part in (learning, ~learning):
        told[~part] = learned_correction(chance[part], has_none[part])(chance[~part])
        share[~part] = (np.sum(has_none[part]) + 0.5) / (np.sum(part) + 1)
    simple = {RATE: np.exp(-rates), SHARE: share}
    best = min(simple, key=lambda name: brier(has_none, simple[name]))
    apart = (simple[best] - has_none) ** 2 - (told - has_none) ** 2
    return ChanceQuality(
        customers=len(chance),
        share=float(np.mean(has_none)),
        brier=brier(has_none, told),
        auc=_known(auc(has_none, told)),
        calibration_error=calibration_error(has_none, told),
        baseline=best,
        baseline_brier=brier(has_none, simple[best]),
        baseline_auc=_known(auc(has_none, simple[RATE]) if best == RATE else 0.5),
        baseline_calibration_error=calibration_error(has_none, simple[best]),
        against=(float(np.mean(apart)), float(np.std(apart) / np.sqrt(len(apart)))),
        curve=calibration_curve(has_none, told),
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _logit(chance: Array) -> Array:
    inside = np.clip(chance, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)))
