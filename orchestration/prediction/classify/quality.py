"""How good probabilities are: ranking, calibration, and how sure that is. Here: measures on arrays. Not here: models.

scikit-learn has the same measures (a test compares them), but looks through its input each time: a bootstrap asks thousands of times,
and its AUC takes 15 times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.sureness import CONFIDENCE

BINS = 10
# of fewer, a standard error says little: nothing is decided by it
LEAST_CUSTOMERS = 200
Array = NDArray[Any]
Measure = Callable[[Array, Array], float]


@dataclass(frozen=True)
class Measured:
    """A measure and its 95 % interval by bootstrap over customers."""

    value: float
    low: float
    high: float


def auc(label: Array, score: Array) -> float:
    """The chance that a customer with yes is above one with no; a tie counts half. nan where a class is missing."""
    positives = int(label.sum())
    negatives = len(label) - positives
    if not positives or not negatives:
        return float("nan")
    _, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return float((middle[places][label == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(label: Array, score: Array) -> float:
    """The area below precision over recall, in steps; customers of one score come together."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(label[order])
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(label) - 1)
    if not hits[-1]:
        return float("nan")
    gained = np.diff(hits[ends], prepend=0)
    return float((gained * hits[ends] / (ends + 1)).sum() / hits[-1])


def calibration_curve(label: Array, score: Array, bins: int = BINS) -> list[tuple[float, float, int]]:
    """(mean score, share that happened, customers) of each of `bins` groups of about equal size, by score; equal scores stay together."""
    _, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2
    group = (middle * bins / len(score)).astype(np.int64)[places]
    sizes = np.bincount(group, minlength=bins)
    said, was = np.bincount(group, weights=score, minlength=bins), np.bincount(group, weights=label, minlength=bins)
    return [(float(said[g] / n), float(was[g] / n), int(n)) for g, n in enumerate(sizes) if n]


def calibration_error(label: Array, score: Array) -> float:
    """The mean gap between score and share over groups of equal size (ECE)."""
    return sum(n * abs(said - was) for said, was, n in calibration_curve(label, score)) / len(label)


def brier(label: Array, score: Array) -> float:
    """The mean square of the gap between score and outcome."""
    return float(((score - label) ** 2).mean())


def log_loss(label: Array, score: Array) -> float:
    """The mean surprise, in nats; a certainty is taken as one in a million."""
    p = np.clip(score, 1e-6, 1 - 1e-6)
    return float(-np.where(label == 1, np.log(p), np.log1p(-p)).mean())


MEASURES: dict[str, Measure] = {
    "auc": auc,
    "average_precision": average_precision,
    "calibration_error": calibration_error,
    "brier": brier,
}


def measure(
    label: Array, scores: dict[str, list[Array]], *, seed: int = 0
) -> tuple[dict[str, dict[str, Measured]], dict[str, dict[str, Measured]]]:
    """Of each model each measure, and its difference from the first model's on the same customers.

    A model has one array of scores a repeat of the folds: measures are means over them. Yes and no are drawn apart, so no draw
    lacks one of them. A draw has more chance error of calibration than the sample, by as much as is taken off again.
    """
    rng = np.random.default_rng(seed)
    yes, no = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
    draws = 300 if len(label) <= 20_000 else 60
    told = {
        m: {k: float(np.mean([f(label, s) for s in arrays])) for k, f in MEASURES.items()}
        for m, arrays in scores.items()
    }
    drawn: dict[str, dict[str, list[float]]] = {m: {k: [] for k in MEASURES} for m in scores}
    for _ in range(draws):
        rows = np.concatenate([rng.choice(yes, len(yes)), rng.choice(no, len(no))])
        for model, arrays in scores.items():
            for name, f in MEASURES.items():
                drawn[model][name].append(float(np.mean([f(label[rows], s[rows]) for s in arrays])))
    draws_of = {m: {k: _unbiased(told[m][k], np.array(drawn[m][k]), k) for k in MEASURES} for m in scores}
    first = next(iter(scores))
    measured = {m: {k: _interval(told[m][k], draws_of[m][k]) for k in MEASURES} for m in scores}
    against = {
        m: {k: _interval(told[first][k] - told[m][k], draws_of[first][k] - draws_of[m][k]) for k in MEASURES}
        for m in scores
    }
    return measured, against


def _unbiased(value: float, draws: Array, name: str) -> Array:
    if name != "calibration_error":
        return draws
    return np.asarray(np.maximum(draws - max(float(np.median(draws)) - value, 0.0), 0.0))


def _interval(value: float, draws: Array) -> Measured:
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Measured(float(value), float(min(low, value)), float(max(high, value)))


def calibration_by_chance(score: Array, *, seed: int = 0) -> float:
    """The calibration error that scores which are exactly right show on as many customers, on average."""
    rng = np.random.default_rng(seed)
    draws = 100 if len(score) <= 50_000 else 10
    return float(
        np.mean([calibration_error((rng.random(len(score)) < score).astype(np.int8), score) for _ in range(draws)])
    )
