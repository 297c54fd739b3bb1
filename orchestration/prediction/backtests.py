"""How the model did on windows of the past that it had not seen, beside simple baselines. Here: the windows and what they teach.

All of it happens before the day until which the forecast knows: a hold-out after it takes no part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np

from orchestration.prediction.classify.quality import LEAST_CUSTOMERS, calibration_curve
from orchestration.prediction.forecast_importance import HeldOut, told_by_halves
from orchestration.prediction.forecast_quality import Quality, measured
from orchestration.prediction.no_purchase import ChanceQuality, Correction, learned_correction, measured_chances
from orchestration.prediction.pareto_nbd import Array
from orchestration.prediction.purchase_histories import Customers, Reading, customers_until, purchases_between
from orchestration.prediction.purchase_model import Expected, expect, fit, learned_slope
from orchestration.prediction.sureness import CLEARLY

MODEL, RATE, LAST_PERIOD = "mixture around Pareto/NBD", "own rate so far", "as many as in the period before"
# lengths of the windows, as shares of the horizon or of four weeks: each ends on the last day that is known
_WINDOWS = (1.0, 0.8, 0.65)
_LEAST_DAYS = 28
# how far all customers together may be from what a model says of them, as a standard deviation of the logarithm, before a window is
# seen: seasons, prices, a campaign
_DRIFT = 0.2


@dataclass(frozen=True)
class Window:
    """A window of the past, from the day after `fit_until`: what came, against what the model and the baselines had expected."""

    fit_until: date
    until: date
    customers: int
    purchases: int
    value: float
    quality: dict[str, Quality]
    log_ratio: float
    log_ratio_variance: float
    value_log_ratio: float
    slope: float
    # squared error of each baseline less the model's: mean and standard error
    against: dict[str, tuple[float, float]]
    # of the value: the mean squared error of the model and of own rate × own amount, and as above
    value_error: float
    value_error_of_rate: float
    value_against: tuple[float, float]
    # (expected, come, customers) of groups by what was expected: of purchases and of their value
    curves: tuple[list[tuple[float, float, int]], list[tuple[float, float, int]]]
    none: ChanceQuality
    # what the window teaches of the chance of no purchase
    correction: Correction
    # to look closer at what was measured
    held_out: HeldOut

    def as_dict(self) -> dict[str, Any]:
        told = ("fit_until", "until", "customers", "purchases", "value")
        return {name: getattr(self, name) for name in told} | {
            "quality": {name: asdict(found) for name, found in self.quality.items()}
        }


@dataclass(frozen=True)
class Drift:
    """By how much all together differ from what the model says: mean and standard deviation of the logarithm of the ratio."""

    mean: float
    deviation: float


def backtests(
    con: duckdb.DuckDBPyConnection, first_day: date, until: date, days: int, reading: Reading
) -> list[Window]:
    """The windows that the time from the first day to the last one has room for; [] where that is short. Replaces customer_counts."""
    length = min(max(days, _LEAST_DAYS), (until - first_day).days // 2)
    if length < _LEAST_DAYS:
        return []
    windows = (_window(con, until - timedelta(days=round(share * length)), until, reading) for share in _WINDOWS)
    return [window for window in windows if window is not None]


def slope_of(windows: Sequence[Window]) -> float:
    """How purchases go with amounts, by all windows."""
    return float(np.mean([window.slope for window in windows])) if windows else 0.0


def drift_of(ratios: Sequence[tuple[float, float]]) -> Drift:
    """What the windows say of the next one, each with (log ratio, its variance), between them and no drift. The windows overlap: they
    count as one, with the variance of a single one."""
    if not ratios:
        return Drift(0.0, _DRIFT)
    logs = np.array([ratio for ratio, _ in ratios])
    spread = float(np.var(logs, ddof=1)) if len(logs) > 1 else _DRIFT**2
    noise = spread + float(np.mean([variance for _, variance in ratios]))
    share = _DRIFT**2 / (_DRIFT**2 + noise)
    return Drift(share * float(np.mean(logs)), math.sqrt(share * noise + min(spread, _DRIFT**2)))


def choice_of(windows: Sequence[Window]) -> str:
    """The model, or the baseline that was clearly better on the longest window."""
    if not windows or windows[0].customers < LEAST_CUSTOMERS:
        return MODEL
    better = {name: mean for name, (mean, error) in windows[0].against.items() if mean + CLEARLY * error < 0}
    return min(better, key=lambda name: better[name]) if better else MODEL


def baselines(con: duckdb.DuckDBPyConnection, customers: Customers, days: int) -> dict[str, Array]:
    """What simple rules expect of each customer of customer_counts."""
    histories = customers.histories
    rate = (histories.x / np.maximum(histories.observed, 1 / 7))[customers.history]
    before, _ = purchases_between(con, customers.until - timedelta(days=days), customers.until)
    return {RATE: rate * days / 7, LAST_PERIOD: before}


def _window(con: duckdb.DuckDBPyConnection, fit_until: date, until: date, reading: Reading) -> Window | None:
    customers = customers_until(con, fit_until, reading)
    # halves of one customer teach nothing
    if len(customers.history) < 2:
        return None
    days = (until - fit_until).days
    actual, spent = purchases_between(con, fit_until, until)
    simple = baselines(con, customers, days)
    model = fit(customers)
    plain = expect(model, customers, days / 7)
    slope = learned_slope(plain.purchases, customers, actual)
    # half of the customers say what amounts add, the other half is measured
    learning = np.arange(len(actual)) % 2 == 0
    halves = [
        learned_slope(plain.purchases[half], _part(customers, half), actual[half]) for half in (learning, ~learning)
    ]
    by_model = told_by_halves(plain.purchases, plain.none, plain.value, halves, customers)
    told = {MODEL: by_model.purchases, **simple}
    none, has_none = by_model.none, (actual == 0).astype(float)
    worth, worth_of_rate = by_model.value, simple[RATE] * customers.mean_spent
    return Window(
        fit_until=fit_until,
        until=until,
        customers=len(actual),
        purchases=int(np.sum(actual)),
        value=float(np.sum(spent)),
        quality={name: measured(expected, actual) for name, expected in told.items()},
        log_ratio=_log_ratio(actual, plain.purchases),
        log_ratio_variance=relative_variance(plain),
        value_log_ratio=_log_ratio(np.maximum(spent, 0), plain.value),
        slope=slope,
        against={name: _against(simple[name], told[MODEL], actual) for name in simple},
        value_error=float(np.mean((worth - spent) ** 2)),
        value_error_of_rate=float(np.mean((worth_of_rate - spent) ** 2)),
        value_against=_against(worth_of_rate, worth, spent),
        curves=(calibration_curve(actual, told[MODEL]), calibration_curve(spent, worth)),
        none=measured_chances(none, has_none, simple[RATE]),
        correction=learned_correction(none, has_none),
        held_out=HeldOut(model, tuple(halves), customers, days / 7, actual, spent),
    )  # fmt: skip


def relative_variance(expected: Expected) -> float:
    """Of the logarithm of all purchases together: what chance and unknown parameters make of it."""
    total = float(np.sum(expected.purchases))
    return float(np.sum(expected.variance)) / max(total, 0.5) ** 2 + expected.parameter_variance


def _part(customers: Customers, part: Array) -> Customers:
    return replace(customers, history=customers.history[part], spent=customers.spent[part])


def _log_ratio(actual: Array, expected: Array) -> float:
    # one more on average keeps the ratio of few from infinity
    unit = float(np.sum(expected)) / max(float(np.sum(expected > 0)), 1.0)
    return math.log((float(np.sum(actual)) + unit / 2 + 1e-9) / (float(np.sum(expected)) + unit / 2 + 1e-9))


def _against(baseline: Array, model: Array, actual: Array) -> tuple[float, float]:
    apart = (baseline - actual) ** 2 - (model - actual) ** 2
    return float(np.mean(apart)), float(np.std(apart) / math.sqrt(max(len(apart), 1)))
