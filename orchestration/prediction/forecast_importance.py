"""What a forecast of purchases rests on: how much worse it is where one thing that it knows of customers is shuffled. Here: on the window of the
past that the fit had not seen. Not here: causes, and what columns are called.

A history is no free choice of numbers: nobody bought again before they first bought. So each is shuffled among customers who are alike in another,
and the last purchase keeps its place between the first one and the day: a shuffled history is one that somebody could have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction import rate_mixture
from orchestration.prediction.classify.importance import direction
from orchestration.prediction.classify.quality import auc
from orchestration.prediction.forecast_quality import correlation, rank_correlation
from orchestration.prediction.pareto_nbd import Array, Histories
from orchestration.prediction.purchase_histories import Customers
from orchestration.prediction.purchase_model import PurchaseModel, tilt

ORDERS, LAST, FIRST, AMOUNT = "orders", "days_since_last_order", "days_since_first_order", "mean_order_amount"
_SHUFFLES = 3
# more customers change the third decimal only
_MOST = 10_000
# a loss below this is shown as none
_LEAST = 0.0005
# customers with so many repeat purchases and more, and each tenth by the days since the first one, are alike
_ALIKE = (1, 2, 3, 5, 9, 17)
_TENTHS = np.linspace(0.1, 0.9, 9)


@dataclass(frozen=True)
class Told:
    """What a window's model says of each customer: purchases, the chance of none, and their value."""

    purchases: Array
    none: Array
    value: Array


def told_by_halves(purchases: Array, none: Array, value: Array, slopes: Sequence[float], customers: Customers) -> Told:
    """With what amounts add: by the slope that every second customer taught, of the others, and the other way round."""
    by = [purchases * tilt(purchases, slope, customers) for slope in slopes]
    told = np.where(np.arange(len(purchases)) % 2 == 0, by[1], by[0])
    factor = np.divide(told, purchases, where=purchases > 0, out=np.ones_like(purchases))
    return Told(told, none**factor, value * factor)


@dataclass(frozen=True)
class HeldOut:
    """A window's model, fitted to what came before it, and what its customers did in the weeks of it."""

    model: PurchaseModel
    slopes: tuple[float, ...]
    customers: Customers
    weeks: float
    purchases: Array
    spent: Array

    def importance(self) -> dict[str, list[dict[str, Any]]]:
        """Of the forecast of purchases, of value and of no purchase, by these names of Told: each column without which something is lost,
        the most important first. Of purchases and value that is a (rank) correlation with what came, of none the AUC."""
        rng = np.random.default_rng(0)
        # two by two, so that the halves stay
        pairs = np.sort(rng.permutation(len(self.purchases) // 2)[: _MOST // 2])
        rows = (2 * pairs[:, None] + np.arange(2)).ravel()
        known = _Known.of(self.customers, rows)
        bought, spent = self.purchases[rows], self.spent[rows]

        def quality(told: Told) -> dict[str, float]:
            """nan where it has no meaning, as where nobody bought."""
            measures = {
                "purchases": correlation(told.purchases, bought),
                "value": rank_correlation(told.value, spent),
                "none": auc((bought == 0).astype(np.int8), told.none),
            }
            return {score: np.nan if value is None else value for score, value in measures.items()}

        whole = self._told(known)
        best = quality(whole)
        found: dict[str, list[dict[str, Any]]] = {score: [] for score in best}
        for column, values in known.columns().items():
            shuffled = [quality(self._told(known.shuffled(column, rng))) for _ in range(_SHUFFLES)]
            for score, lost in _LOST.items():
                less = float(best[score] - np.mean([one[score] for one in shuffled]))
                if less >= _LEAST:
                    row = {"column": column, lost: less, "direction": direction(values, getattr(whole, score))}
                    found[score].append(row)
        return {score: sorted(rows, key=lambda one: -one[_LOST[score]]) for score, rows in found.items()}

    def _told(self, known: _Known) -> Told:
        customers = known.customers(self.customers)
        seen = rate_mixture.outlook(self.model.rates, customers.histories, self.weeks)
        value = seen.expected * self.model.amounts.mean_amount(customers.purchases, customers.mean_spent)
        return told_by_halves(seen.expected, seen.none, value, self.slopes, customers)


# what is lost, by score
_LOST = {"purchases": "correlation_lost", "value": "rank_correlation_lost", "none": "auc_lost"}


@dataclass(frozen=True)
class _Known:
    """What the model knows of each customer: repeat purchases, weeks observed, where between the first purchase and the day the last one lies
    (0 to 1, of who bought again), and what a purchase was worth."""

    x: Array
    observed: Array
    place: Array
    amount: Array

    @classmethod
    def of(cls, customers: Customers, rows: NDArray[np.int64]) -> _Known:
        x, t_x, observed = (
            part[customers.history[rows]]
            for part in (customers.histories.x, customers.histories.t_x, customers.histories.observed)
        )
        place = np.divide(t_x, observed, where=observed > 0, out=np.zeros_like(observed))
        return cls(x, observed, place, customers.mean_spent[rows])

    def columns(self) -> dict[str, Array]:
        return {
            ORDERS: self.x,
            LAST: self.observed - self._t_x(),
            FIRST: self.observed,
            AMOUNT: self.amount,
        }

    def shuffled(self, column: str, rng: np.random.Generator) -> _Known:
        as_often = np.searchsorted(_ALIKE, self.x, side="right")
        if column == ORDERS:
            x = _shuffled(self.x, np.searchsorted(np.quantile(self.observed, _TENTHS), self.observed), rng)
            # who did not buy again, and does now, last did where others did
            again = self.place[self.x > 0]
            drawn = rng.choice(again, len(x)) if len(again) else self.place
            return replace(self, x=x, place=np.where(self.x > 0, self.place, drawn))
        if column == LAST:
            return replace(self, place=_shuffled(self.place, as_often, rng))
        if column == FIRST:
            return replace(self, observed=_shuffled(self.observed, as_often, rng))
        return replace(self, amount=rng.permutation(self.amount))

    def customers(self, like: Customers) -> Customers:
        number = np.arange(len(self.x))
        histories = Histories(self.x, self._t_x(), self.observed, np.ones(len(self.x)))
        return replace(like, history=number, histories=histories, spent=self.amount * (self.x + 1))

    def _t_x(self) -> Array:
        return np.where(self.x > 0, self.place * self.observed, 0.0)


def _shuffled(values: Array, groups: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """The values of each group in another order."""
    found = np.empty_like(values)
    found[np.argsort(groups, kind="stable")] = values[np.lexsort((rng.random(len(values)), groups))]
    return found
