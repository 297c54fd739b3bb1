"""Expected purchases and value of each customer until a day. Here: the steps and the result. Not here: models, reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from orchestration.prediction import intervals
from orchestration.prediction.backtests import (
    MODEL,
    Window,
    backtests,
    baselines,
    choice_of,
    drift_of,
    relative_variance,
    slope_of,
)
from orchestration.prediction.pareto_nbd import Array
from orchestration.prediction.purchase_histories import Customers, Reading, customers_until
from orchestration.prediction.purchase_model import Expected, PurchaseModel, expect, fit

# more customers than this say nothing more about the parameters: a fit and its windows look at a sample, scores are of all
ENOUGH = 15_000
# where customers are many, times are told in so many steps: histories that are nearly one become one
_STEPS = 100


@dataclass(frozen=True)
class Total:
    """All customers together: what the model's scores sum up to, what is expected once the windows of the past have corrected it, and
    the 90 % interval of that."""

    by_model: float
    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """What each customer of the temporary table customer_counts is expected to do, in the order of their numbers, and all together.

    `fitted_to` is the number of customers that the fit has seen.
    """

    fit_until: date
    until: date
    model: str
    parameters: dict[str, float]
    fitted_to: int
    customers: Customers
    expected: Expected
    low: Array
    high: Array
    purchases: Total
    value: Total
    windows: list[Window]

    def table(self) -> pa.Table:
        """A row for each customer number."""
        return pa.table(
            {
                "number": np.arange(len(self.low)),
                "expected_purchases": self.expected.purchases,
                "purchases_low": self.low,
                "purchases_high": self.high,
                "expected_value": self.expected.value,
                "chance_active": self.expected.alive,
            }
        )


@dataclass(frozen=True)
class Learned:
    """A fit: the model, the rule that replaces it where that was clearly better, and the past windows that say so."""

    model: PurchaseModel
    name: str
    windows: list[Window]
    fitted_to: int


def forecast(con: duckdb.DuckDBPyConnection, first_day: date, fit_until: date, until: date) -> Scores:
    """Scores of everybody in the temporary table purchase_days who bought by `fit_until`. Later rows are not looked at.

    Makes the temporary table customer_counts. Few customers, even one, have scores too: they are near what shops have in general,
    and their interval is wide.
    """
    learned = learn(con, first_day, fit_until, (until - fit_until).days)
    return applied(con, learned, first_day, fit_until, until)


def learn(con: duckdb.DuckDBPyConnection, first_day: date, fit_until: date, days: int) -> Learned:
    """The fit for a forecast of so many days, from what is known by `fit_until`."""
    # threads that wait for each other in a loop cost more than four parameters gain by them
    with threadpool_limits(1):
        reading = _reading(con, first_day, fit_until)
        windows = backtests(con, first_day, fit_until, days, reading)
        some = customers_until(con, fit_until, reading)
        model = replace(fit(some), slope=slope_of(windows))
        return Learned(model, choice_of(windows), windows, len(some.history))


def applied(con: duckdb.DuckDBPyConnection, learned: Learned, first_day: date, fit_until: date, until: date) -> Scores:
    """What a fit, of that day or of an earlier one, says of everybody who bought by `fit_until`."""
    model, name, windows = learned.model, learned.name, learned.windows
    days = (until - fit_until).days
    customers = customers_until(con, fit_until, Reading(step=_reading(con, first_day, fit_until).step))
    expected = expect(model, customers, days / 7)
    if name != MODEL:
        expected = _of_baseline(expected, baselines(con, customers, days)[name])
    low, high = _intervals(expected)
    purchases, value = _totals(expected, customers, windows if name == MODEL else [])
    return Scores(
        fit_until=fit_until,
        until=until,
        model=name,
        parameters=model.rates.around.parameters | {"amount_slope": model.slope},
        fitted_to=learned.fitted_to,
        customers=customers,
        expected=expected,
        low=low,
        high=high,
        purchases=purchases,
        value=value,
        windows=windows,
    )


def _reading(con: duckdb.DuckDBPyConnection, first_day: date, fit_until: date) -> Reading:
    buyers = con.execute(
        "select count(distinct customer) from purchase_days where is_purchase and day <= $1", [fit_until]
    ).fetchall()[0][0]
    if buyers <= 3 * ENOUGH:
        return Reading()
    return Reading(buyers // ENOUGH, max(1, (fit_until - first_day).days // _STEPS))


def _of_baseline(expected: Expected, simple: Array) -> Expected:
    """The baseline's purchases, with as much variance for each as the model has, and at its amounts."""
    mean_amount = np.divide(expected.value, expected.purchases, where=expected.purchases > 0, out=np.zeros_like(simple))
    ratio = np.divide(expected.variance, expected.purchases, where=expected.purchases > 0, out=np.ones_like(simple))
    return replace(expected, purchases=simple, variance=simple * ratio, value=simple * mean_amount)


def _intervals(expected: Expected) -> tuple[Array, Array]:
    """Of each customer; customers of about one mean and variance share theirs."""
    rounded = np.round(np.log(np.maximum(np.stack([expected.purchases, expected.variance]), 1e-6)), 2)
    (means, variances), back = np.unique(rounded, axis=1, return_inverse=True)
    low, high = intervals.of_counts(np.exp(means), np.exp(variances))
    return low[back.ravel()], high[back.ravel()]


def _totals(expected: Expected, customers: Customers, windows: Sequence[Window]) -> tuple[Total, Total]:
    chance = relative_variance(expected)
    purchases = float(np.sum(expected.purchases))
    value = float(np.sum(expected.value))
    drift = drift_of([(window.log_ratio, window.log_ratio_variance) for window in windows])
    in_value = drift_of([(window.value_log_ratio, window.log_ratio_variance) for window in windows])
    # what one purchase is worth varies too
    paid = customers.mean_spent[customers.mean_spent > 0]
    of_amounts = (
        float(np.var(paid) / np.mean(paid) ** 2) / max(purchases, 0.5) if len(paid) > 1 else 1.0 / max(purchases, 0.5)
    )
    mean, mean_value = purchases * math.exp(drift.mean), value * math.exp(in_value.mean)
    of_purchases = Total(purchases, mean, *intervals.of_total(mean, chance, drift.deviation))
    low, high = intervals.of_value(mean_value, chance + of_amounts, in_value.deviation)
    # where nobody may buy, nothing may be spent
    return of_purchases, Total(value, mean_value, low if of_purchases.low else 0.0, high)
