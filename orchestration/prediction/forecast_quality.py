"""How good a forecast was, once the purchases are known. Here: measures. Not here: forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from orchestration.prediction.pareto_nbd import Array


@dataclass(frozen=True)
class Quality:
    """Measures of expected against actual purchases; None where they have no meaning, as a correlation with what does not vary.

    `total_error` is expected ÷ actual - 1. `top_tenth` is the share of purchases made by the tenth of customers with the highest score.
    """

    correlation: float | None
    mae: float
    rmse: float
    total_error: float | None
    top_tenth: float | None


def measured(expected: Array, actual: Array) -> Quality:
    """The measures of a forecast for the same customers."""
    total = float(np.sum(actual))
    best = np.argsort(-expected, kind="stable")[: max(1, int(np.ceil(len(expected) / 10)))]
    return Quality(
        correlation=correlation(expected, actual),
        mae=float(np.mean(np.abs(expected - actual))),
        rmse=float(np.sqrt(np.mean((expected - actual) ** 2))),
        total_error=float(np.sum(expected)) / total - 1 if total else None,
        top_tenth=float(np.sum(actual[best])) / total if total else None,
    )


def rank_correlation(expected: Array, actual: Array) -> float | None:
    """Spearman's: how well the order is told."""
    return correlation(rankdata(expected), rankdata(actual))


def correlation(a: Array, b: Array) -> float | None:
    """Pearson's; None where one does not vary."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
