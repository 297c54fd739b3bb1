"""How well a ranking finds those who are moved. Here: the Qini curve and its area, with an interval, and the lift of each tenth.

Whoever treats only the first share of the ranking gains that share times the lift seen in it: the curve. A random ranking
gains the same part of the whole lift: the straight line. The Qini is the mean height of the curve above the line. Of several lots
both arms are weighed to the same mix of lots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.sureness import CONFIDENCE
from orchestration.prediction.uplift.lift import Arm, compare
from orchestration.prediction.uplift.lots import Lots, mean_lift

_POINTS = 100
_DRAWS = 200
TENTHS = 10
Array = NDArray[Any]


@dataclass(frozen=True)
class Qini:
    """The area between curve and line, per customer in the outcome's unit, with its 95 % interval; 0 is chance.

    `curve` is (share of customers, what the ranking gains, what chance gains).
    """

    value: float
    low: float
    high: float
    curve: list[tuple[float, float, float]]


def qini(lift: Array, is_treated: Array, outcome: Array, *, lots: Lots | None = None, seed: int = 0) -> Qini:
    """Of a ranking by `lift`, of customers that it did not see. The interval is by drawing customers anew, each with all rows, within
    those who were always treated, never, and both."""
    rng = np.random.default_rng(seed)
    lots = lots or Lots.one(len(lift))
    weight = lots.weight(is_treated)
    place = _places(lift, rng)
    curve = _curve(place, is_treated, outcome, weight)
    rows_of = _RowsOf(lots, is_treated)
    drawn = []
    for _ in range(_DRAWS):
        rows = rows_of.drawn(rng)
        drawn.append(_area(_curve(_places(lift[rows], rng), is_treated[rows], outcome[rows], weight[rows])))
    value = _area(curve)
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    shares = np.arange(1, _POINTS + 1) / _POINTS
    told = [(float(s), float(c), float(s * curve[-1])) for s, c in zip(shares, curve, strict=True)]
    return Qini(value, float(min(low, value)), float(max(high, value)), told)


def tenths(
    lift: Array, is_treated: Array, outcome: Array, *, is_rate: bool, lots: Lots | None = None, seed: int = 0
) -> list[dict[str, Any]]:
    """Each tenth of the ranking, the highest lift first: what was said, and what was seen, with its 95 % interval. `lots` are of a rate."""
    place = _places(lift, np.random.default_rng(seed)) * TENTHS // _POINTS
    table = []
    for tenth in range(TENTHS):
        rows = place == tenth
        row: dict[str, Any] = {"tenth": tenth + 1, "customers": int(rows.sum())}
        row["said"] = float(lift[rows].mean()) if rows.any() else None
        arms = [_arm(outcome[rows & arm]) for arm in (is_treated, ~is_treated)]
        row |= {"treated": arms[0].customers, "control": arms[1].customers}
        if lots is not None:
            mean = mean_lift(is_treated[rows], outcome[rows], lots.taken(rows))
            told = (None, None, None) if mean is None else (mean.lift, mean.low, mean.high)
            row |= dict(zip(("lift", "lift_low", "lift_high"), told, strict=True))
        elif min(arm.customers for arm in arms) >= 2:
            (seen,) = compare(arms[1], [arms[0]], is_rate=is_rate)
            row |= {"lift": seen.lift, "lift_low": seen.lift_low, "lift_high": seen.lift_high}
        else:
            row |= {"lift": None, "lift_low": None, "lift_high": None}
        table.append(row)
    return table


def arms_of(is_treated: Array, outcome: Array) -> tuple[Arm, Arm]:
    """Control and treated."""
    return _arm(outcome[~is_treated]), _arm(outcome[is_treated])


def _arm(outcome: Array) -> Arm:
    mean = float(outcome.mean()) if len(outcome) else 0.0
    return Arm("treated", len(outcome), mean, float(outcome.var(ddof=1)) if len(outcome) > 1 else 0.0)


def _places(lift: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """In which hundredth of the ranking each row stands; equal ones are put in a random order."""
    order = np.lexsort((rng.random(len(lift)), -lift))
    place = np.empty(len(lift), dtype=np.int64)
    place[order] = np.arange(len(lift)) * _POINTS // len(lift)
    return place


class _RowsOf:
    """Rows by customer, to take whole customers."""

    def __init__(self, lots: Lots, is_treated: Array) -> None:
        self._order = np.argsort(lots.customer, kind="stable")
        self._count = np.bincount(lots.customer)
        self._start = np.cumsum(self._count) - self._count
        treated = np.bincount(lots.customer, weights=is_treated) / self._count
        self._alike = [np.flatnonzero(k) for k in (treated == 1, treated == 0, (treated > 0) & (treated < 1))]

    def drawn(self, rng: np.random.Generator) -> NDArray[np.int64]:
        chosen = np.concatenate([rng.choice(alike, len(alike)) for alike in self._alike if len(alike)])
        count = self._count[chosen]
        first = np.repeat(self._start[chosen] - (np.cumsum(count) - count), count)
        return np.asarray(self._order[first + np.arange(count.sum())])


def _curve(place: NDArray[np.int64], is_treated: Array, outcome: Array, weight: Array) -> NDArray[np.float64]:
    """At the end of each hundredth: its share of the customers, times the difference of the arms' means so far."""
    means = []
    for arm in (is_treated, ~is_treated):
        count = np.cumsum(np.bincount(place[arm], weights=weight[arm], minlength=_POINTS))
        total = np.cumsum(np.bincount(place[arm], weights=weight[arm] * outcome[arm], minlength=_POINTS))
        means.append(np.divide(total, count, out=np.full(_POINTS, np.nan), where=count > 0))
    share = np.cumsum(np.bincount(place, minlength=_POINTS)) / len(place)
    # before both arms are there nothing is seen
    return np.nan_to_num(share * (means[0] - means[1]))


def _area(curve: NDArray[np.float64]) -> float:
    shares = np.arange(1, _POINTS + 1) / _POINTS
    return float((curve - shares * curve[-1]).mean())
