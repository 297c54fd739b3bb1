"""Customers as a mixture over rates of buying and of leaving, drawn towards Pareto/NBD. Not here: Pareto/NBD itself, intervals of totals.

Pareto/NBD says that rates are gamma distributed over customers. Real rates are near that, and not it: here each cell of a grid of both
rates has a weight, which is Pareto/NBD's as far as customers are few, and what the histories say (by EM) as far as they are many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import gamma

from orchestration.prediction import pareto_nbd
from orchestration.prediction.pareto_nbd import Array, Histories, ParetoNBD

# as many customers as Pareto/NBD's own weights count for
_STRENGTH = 10_000.0
_ROUNDS = 10
# rates a week, in geometric steps: from one purchase in six years to one a day, from leaving after ten years to within days
_BUYING = np.geomspace(0.003, 7.0, 36)
_LEAVING = np.concatenate([[1e-5], np.geomspace(0.002, 2.0, 19)])
_ROWS = 2_000


@dataclass(frozen=True)
class RateMixture:
    """A fit: the Pareto/NBD that it is drawn towards, and the weight of each cell of the grid."""

    around: ParetoNBD
    weights: Array


@dataclass(frozen=True)
class Outlook:
    """What a customer of each history does in the weeks that follow: purchases expected, their variance, the chance of still buying,
    the chance of no purchase."""

    expected: Array
    variance: Array
    alive: Array
    none: Array


def fit(histories: Histories) -> RateMixture:
    """The mixture given the histories. Never fails: of no history it is what is believed before."""
    around = pareto_nbd.fit(histories)
    prior = _cells(around)
    if not len(histories.x):
        return RateMixture(around, prior)
    likelihood = np.concatenate([part for part, _ in _likelihoods(histories)])
    customers, weights = histories.customers.astype(np.float32), prior
    for _ in range(_ROUNDS):
        told = weights.astype(np.float32)
        counts = told * (likelihood.T @ (customers / (likelihood @ told)))
        weights = (counts + _STRENGTH * prior) / (float(np.sum(customers)) + _STRENGTH)
    return RateMixture(around, np.asarray(weights, dtype=float))


def outlook(model: RateMixture, histories: Histories, weeks: float) -> Outlook:
    """What follows each history in closed form, cell by cell of the grid."""
    buying, leaving = _grid()
    stays = -np.expm1(-leaving * weeks) / leaving
    # the mean of the square of the weeks until a customer leaves, at most `weeks`
    squared = 2 * (1 - np.exp(-leaving * weeks) * (1 + leaving * weeks)) / leaving**2
    # the first event of the two, a purchase or leaving, comes within `weeks` and is a purchase
    buys = buying / (buying + leaving) * -np.expm1(-(buying + leaving) * weeks)
    moments = np.stack([np.ones_like(buying), buying * stays, buying * stays + buying**2 * squared, buys], axis=1)
    told = model.weights[:, None] * moments
    parts = [
        ((likelihood * alive) @ told) / (likelihood @ model.weights)[:, None]
        for likelihood, alive in _likelihoods(histories)
    ]
    found = np.concatenate(parts) if parts else np.empty((0, 4))
    variance = np.maximum(found[:, 2] - found[:, 1] ** 2, found[:, 1])
    return Outlook(found[:, 1], variance, found[:, 0], np.clip(1 - found[:, 3], 0.0, 1.0))


def _grid() -> tuple[Array, Array]:
    buying, leaving = np.meshgrid(_BUYING, _LEAVING, indexing="ij")
    return buying.ravel(), leaving.ravel()


def _cells(around: ParetoNBD) -> Array:
    """Pareto/NBD's own weight of each cell."""
    p = around.parameters

    def mass(rates: Array, shape: float, rate: float) -> Array:
        edges = np.concatenate([[0.0], np.sqrt(rates[1:] * rates[:-1]), [np.inf]])
        return np.asarray(np.diff(gamma.cdf(edges, shape, scale=1 / rate)))

    cells = np.outer(mass(_BUYING, p["r"], p["alpha"]), mass(_LEAVING, p["s"], p["beta"])).ravel()
    cells = np.maximum(cells, 1e-8)
    return np.asarray(cells / np.sum(cells))


def _likelihoods(histories: Histories) -> Iterator[tuple[Any, Any]]:
    """(likelihood of each history in each cell, up to a factor of the history; the chance of still buying there), some rows at a time."""
    buying, leaving = _grid()
    both = buying + leaving
    for start in range(0, len(histories.x), _ROWS):
        rows = slice(start, start + _ROWS)
        x, t_x, observed = (column[rows, None] for column in (histories.x, histories.t_x, histories.observed))
        left, stayed = np.log(leaving / both) - both * t_x, np.log(buying / both) - both * observed
        either = np.logaddexp(left, stayed)
        log = x * np.log(buying) + either
        likelihood = np.exp(log - np.max(log, axis=1, keepdims=True)).astype(np.float32)
        yield likelihood, np.exp(-both * observed - either).astype(np.float32)
