"""Intervals of counts and of sums. Here: quantiles by moments. Not here: where the moments come from."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import gamma, nbinom, norm, poisson

from orchestration.prediction.pareto_nbd import Array

LEVEL = 0.9
_LOW, _HIGH = (1 - LEVEL) / 2, (1 + LEVEL) / 2


def of_counts(mean: Array, variance: Array) -> tuple[Array, Array]:
    """The 90 % interval of counts: negative binomial, or Poisson where the variance is no larger than the mean."""
    mean = np.maximum(mean, 1e-9)
    wide = np.maximum(variance, mean * (1 + 1e-6))
    size, chance = mean**2 / (wide - mean), mean / wide
    is_wide = variance > mean * (1 + 1e-6)
    low = np.where(is_wide, nbinom.ppf(_LOW, size, chance), poisson.ppf(_LOW, mean))
    high = np.where(is_wide, nbinom.ppf(_HIGH, size, chance), poisson.ppf(_HIGH, mean))
    return low, high


def of_total(mean: float, relative_variance: float, deviation: float) -> tuple[float, float]:
    """The 90 % interval of all purchases together: `deviation` is of the logarithm of what moves all at once."""
    variance = mean**2 * (relative_variance + math.expm1(deviation**2))
    low, high = of_counts(np.array([mean]), np.array([variance]))
    return float(low[0]), float(high[0])


def of_value(mean: float, relative_variance: float, deviation: float) -> tuple[float, float]:
    """The same of what they are worth: gamma, or lognormal where little is unknown."""
    relative = relative_variance + math.expm1(deviation**2)
    if mean <= 0:
        return 0.0, 0.0
    if relative < 1e-3:
        return mean * math.exp(norm.ppf(_LOW) * math.sqrt(relative)), mean * math.exp(
            norm.ppf(_HIGH) * math.sqrt(relative)
        )
    return tuple(float(v) for v in gamma.ppf([_LOW, _HIGH], 1 / relative, scale=mean * relative))  # type: ignore[return-value]
