"""Pareto/NBD in closed form: customers buy at rates of their own until they leave unseen. Not here: value, intervals, choosing.

Schmittlein, Morrison and Colombo (1987), Management Science 33:1; the likelihood as Fader and Hardie (2005) write it. Rates of buying
are gamma(r, alpha), rates of leaving gamma(s, beta) over customers. Times are in weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

Array = np.ndarray[Any, np.dtype[np.float64]]

# What is believed of r, alpha, s and beta before any purchase is seen: the logarithms' means and standard deviations. Wide enough that
# a thousand customers decide for themselves; of five it keeps the fit in the range of what shops have.
_BELIEVED = np.log([0.6, 10.0, 0.6, 10.0])
_WIDTH = np.array([1.0, 1.25, 1.0, 1.5])


@dataclass(frozen=True)
class Histories:
    """Purchase histories, each with the number of customers that have it: repeat purchases, weeks from the first purchase to
    the last one, weeks observed since the first."""

    x: Array
    t_x: Array
    observed: Array
    customers: Array


@dataclass(frozen=True)
class ParetoNBD:
    """A fit: logarithms of r, alpha, s, beta, and the covariance of these four."""

    log_parameters: Array
    covariance: Array

    @property
    def parameters(self) -> dict[str, float]:
        return dict(zip(("r", "alpha", "s", "beta"), map(float, np.exp(self.log_parameters)), strict=True))


def fit(histories: Histories) -> ParetoNBD:
    """The most likely parameters given the histories and what is believed before. Never fails: of no history it is the belief."""

    def loss(p: Array) -> float:
        log_likelihood, _ = _likelihood(p, histories)
        total = -float(np.sum(histories.customers * log_likelihood)) + 0.5 * float(
            np.sum(((p - _BELIEVED) / _WIDTH) ** 2)
        )
        return total if np.isfinite(total) else 1e300

    # beyond these bounds the likelihood is flat, and the power of a sum overflows
    bounds = [(m - 5 * w, m + 4 * w) for m, w in zip(_BELIEVED, _WIDTH, strict=True)]
    found = minimize(loss, _BELIEVED, method="L-BFGS-B", bounds=bounds)
    return ParetoNBD(found.x, _covariance(loss, found.x))


def expected(model: Array, histories: Histories, weeks: float) -> Array:
    """Purchases that a customer of each history is expected to make in the weeks that follow. `model`: the logarithms."""
    r, alpha, s, beta = np.exp(model)
    left = (beta + histories.observed + weeks) / (beta + histories.observed)
    # (1 - left ** (1 - s)) / (s - 1), of which s = 1 is the limit
    power = (1 - s) * np.log(left)
    years = (
        (beta + histories.observed)
        * np.log(left)
        * np.where(np.abs(power) < 1e-8, 1.0, np.expm1(power) / np.where(power == 0, 1.0, power))
    )
    return (r + histories.x) / (alpha + histories.observed) * years * alive(model, histories)


def alive(model: Array, histories: Histories) -> Array:
    """The chance that a customer of each history still buys."""
    return np.exp(_likelihood(model, histories)[1])


def _likelihood(p: Array, histories: Histories) -> tuple[Array, Array]:
    """(log likelihood of each history, logarithm of the chance that the customer has not left)."""
    r, alpha, s, beta = np.exp(p)
    x, t_x, observed = histories.x, histories.t_x, histories.observed
    n = r + s + x
    larger, apart = max(alpha, beta), abs(alpha - beta)
    other = s + 1 if alpha >= beta else r + x

    def term(t: Array) -> Array:
        # 2F1(n, other; n + 1; z) by Euler's transformation: of daily buyers it is beyond what a float holds
        z = apart / (larger + t)
        return (1 - other) * np.log1p(-z) + np.log(hyp2f1(1, n + 1 - other, n + 1, z)) - n * np.log(larger + t)

    at_last, now = term(t_x), term(observed)
    # the difference of two powers, of which the second is the smaller one
    with np.errstate(divide="ignore"):
        left = np.log(s / n) + at_last + np.log(-np.expm1(np.minimum(now - at_last, 0.0)))
    stayed = -(r + x) * np.log(alpha + observed) - s * np.log(beta + observed)
    both = np.logaddexp(left, stayed)
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + both, stayed - both


def _covariance(loss: Any, at: Array) -> Array:
    """Laplace's: the inverse of the curvature at the optimum, by central differences."""
    size, step = len(at), 1e-3
    curvature = np.empty((size, size))
    unit = np.eye(size) * step
    for i in range(size):
        for j in range(i, size):
            a, b = unit[i], unit[j]
            curvature[i, j] = curvature[j, i] = (
                loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b)
            ) / (4 * step**2)
    values, vectors = np.linalg.eigh(curvature)
    # a direction in which the data say nothing is as wide as the belief
    return np.asarray((vectors / np.maximum(values, 1 / np.max(_WIDTH) ** 2)) @ vectors.T)
