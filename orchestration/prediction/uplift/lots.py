"""Lifts of several lots. Here: to which lot and whom each row belongs, the mean lift of the lots. Not here: two arms of one lot
(lift.py).

Each lot is compared within itself. Pooled, campaigns to other customers, of whom another share was held out, look like a lift where there is
none (Simpson's paradox). A customer's rows in several lots are one person: the error is that of sums per customer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.uplift.lift import wilson

Array = NDArray[Any]


@dataclass(frozen=True)
class Lots:
    """Of each row the number of its lot, and the number of its customer."""

    lot: NDArray[np.int64]
    customer: NDArray[np.int64]

    @classmethod
    def of(cls, lot: Array, customer: Array) -> Lots:
        return cls(*(np.unique(ids, return_inverse=True)[1].ravel() for ids in (lot, customer)))

    @classmethod
    def one(cls, rows: int) -> Lots:
        """One lot, a row per customer."""
        return cls(np.zeros(rows, dtype=np.int64), np.arange(rows))

    def taken(self, rows: Array) -> Lots:
        return Lots.of(self.lot[rows], self.customer[rows])

    def share(self, is_treated: Array) -> NDArray[np.float64]:
        """Of each row the share of its lot that was treated."""
        return np.asarray((np.bincount(self.lot, weights=is_treated) / np.bincount(self.lot))[self.lot])

    def weight(self, is_treated: Array) -> NDArray[np.float64]:
        """Of each row how many of its lot it stands for: both arms then have the same mix of lots. 0 in a lot that has one arm."""
        share = self.share(is_treated)
        chance = np.where(is_treated, share, 1 - share)
        return np.where((share > 0) & (share < 1), 1 / chance, 0.0)

    def fold(self, folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Of each row its fold; all rows of a customer are in one."""
        return np.asarray((rng.permutation(self.customer.max() + 1) % folds)[self.customer])


@dataclass(frozen=True)
class MeanLift:
    """The mean lift of a rate over lots, with its 95 % interval."""

    lift: float
    low: float
    high: float


def mean_lift(is_treated: Array, outcome: Array, lots: Lots) -> MeanLift | None:
    """Of lots with both arms, each weighed by what its arms tell together (n₁n₀ / n); None where no lot has both.

    The interval is Newcombe's of the two weighted rates, each of as many customers as its lots together are worth (1 / sum of w² / n): ends
    that are combined lot by lot miss a rare outcome, which most lots have none of, on one side. Sums per customer that vary more than
    independent rows make it as many customers fewer.
    """
    sizes, rates, weight = _arms(is_treated, outcome, lots)
    if not weight.sum():
        return None
    lift = float((weight * (rates[0] - rates[1])).sum())
    times = wider(is_treated, outcome, lots)
    (below_1, above_1), (below_0, above_0) = (_beside(weight, r, n / times) for r, n in zip(rates, sizes, strict=True))
    low, high = math.hypot(below_1, above_0), math.hypot(above_1, below_0)
    return MeanLift(lift, lift - low, lift + high)


def _beside(weight: Array, rate: Array, size: Array) -> tuple[float, float]:
    """How far the ends of Wilson's interval are below and above the weighted rate of an arm."""
    used = weight > 0
    whole, people = float((weight * rate).sum()), 1 / float((weight[used] ** 2 / size[used]).sum())
    low, high = wilson(whole * people, people)
    return whole - low, high - whole


def _arms(is_treated: Array, outcome: Array, lots: Lots) -> tuple[list[Array], list[Array], Array]:
    """Of each lot how many the treated and the control are, the means of their outcome, and the lot's weight."""
    count = lots.lot.max(initial=-1) + 1
    sizes, means = [], []
    for arm in (is_treated, ~is_treated):
        sizes.append(np.bincount(lots.lot[arm], minlength=count))
        total = np.bincount(lots.lot[arm], weights=outcome[arm], minlength=count)
        means.append(total / np.maximum(sizes[-1], 1))
    weight = sizes[0] * sizes[1] / np.maximum(sizes[0] + sizes[1], 1)
    return sizes, means, weight / max(float(weight.sum()), 1e-300)


def wider(is_treated: Array, outcome: Array, lots: Lots) -> float:
    """The variance of the mean lift by sums per customer, as a multiple of that by independent rows; at least 1."""
    sizes, rates, weight = _arms(is_treated, outcome, lots)
    of = lots.lot
    told = np.where(
        is_treated,
        weight[of] * (outcome - rates[0][of]) / np.maximum(sizes[0][of], 1),
        -weight[of] * (outcome - rates[1][of]) / np.maximum(sizes[1][of], 1),
    )
    return by_customer(told, lots.customer)


def by_customer(told: Array, customer: NDArray[np.int64]) -> float:
    """The variance of a mean whose rows have these residuals, by sums per customer, as a multiple of that by independent rows; at least 1.

    `customer` has the number of each row's customer, from 0 on.
    """
    alone = float((told**2).sum())
    if not alone:  # nobody differs from anybody: a customer may be the same in all rows
        rows = np.bincount(customer)
        return float((rows**2).sum() / rows.sum())
    return max(1.0, float((np.bincount(customer, weights=told) ** 2).sum()) / alone)
