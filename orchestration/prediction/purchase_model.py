"""The model of purchases: rates of each customer, and what the amounts add to them. Here: fitting it and what it expects.

Not here: the rates (rate_mixture.py), how the model did on past windows (backtests.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.prediction import gamma_gamma, pareto_nbd, rate_mixture
from orchestration.prediction.pareto_nbd import Array, Histories
from orchestration.prediction.purchase_histories import Customers

# what a standard deviation of the logarithm of amounts may change in purchases, before any is seen
_SLOPE_WIDTH = 0.15


@dataclass(frozen=True)
class Expected:
    """Of each customer: purchases, their variance, the chance of still buying, the chance of no purchase, and the value.
    `parameter_variance` is of the logarithm of all purchases together, as far as the fit does not know its parameters."""

    purchases: Array
    variance: Array
    alive: Array
    none: Array
    value: Array
    parameter_variance: float


@dataclass(frozen=True)
class PurchaseModel:
    """A fit. `slope` says how purchases go with what the customer spends on one (learned_slope)."""

    rates: rate_mixture.RateMixture
    amounts: gamma_gamma.GammaGamma
    slope: float = 0.0


def fit(customers: Customers) -> PurchaseModel:
    """The model of the customers' purchases, without what amounts say of them."""
    amounts = gamma_gamma.fit(customers.purchases, customers.mean_spent)
    return PurchaseModel(rate_mixture.fit(customers.histories), amounts)


def expect(model: PurchaseModel, customers: Customers, weeks: float) -> Expected:
    """What customers do in the weeks after the day until which they are known."""
    seen = rate_mixture.outlook(model.rates, customers.histories, weeks)
    of_history = customers.history
    purchases = seen.expected[of_history]
    factor = tilt(purchases, model.slope, customers)
    value = purchases * factor * model.amounts.mean_amount(customers.purchases, customers.mean_spent)
    variance = purchases * factor + (seen.variance[of_history] - purchases) * factor**2
    return Expected(
        purchases * factor,
        variance,
        seen.alive[of_history],
        # of who buys by a factor more, as if the factor were of the rate
        seen.none[of_history] ** factor,
        value,
        _parameter_variance(model, customers.histories, weeks),
    )


def tilt(purchases: Array, slope: float, customers: Customers) -> Array:
    """By what expected purchases are multiplied for what the customer spends: amounts say who buys more, not how much all buy."""
    factor = np.exp(slope * _spends(customers))
    all_tilted = float(np.sum(purchases * factor))
    return np.asarray(factor * (float(np.sum(purchases)) / all_tilted if all_tilted > 0 else 1.0))


def learned_slope(expected: Array, customers: Customers, actual: Array) -> float:
    """How later purchases went with amounts, beyond what was expected: Poisson regression, drawn towards none."""
    spends, level, slope = _spends(customers), 0.0, 0.0
    for _ in range(25):
        mean = expected * np.exp(level + slope * spends)
        gradient = np.array([np.sum(actual - mean) - level, np.sum(spends * (actual - mean)) - slope / _SLOPE_WIDTH**2])
        cross = np.sum(spends * mean)
        curvature = np.array([[np.sum(mean) + 1, cross], [cross, np.sum(spends**2 * mean) + _SLOPE_WIDTH**-2]])
        step = np.clip(np.linalg.solve(curvature, gradient), -0.5, 0.5)
        level, slope = level + float(step[0]), float(np.clip(slope + step[1], -1, 1))
    return slope


def _spends(customers: Customers) -> Array:
    """The logarithm of each customer's mean amount, in standard deviations from the mean of all."""
    logs = np.log1p(customers.mean_spent)
    return np.asarray((logs - np.mean(logs)) / (float(np.std(logs)) or 1.0))


def _parameter_variance(model: PurchaseModel, histories: Histories, weeks: float) -> float:
    """By the delta method on Pareto/NBD, which the mixture is drawn towards; on some of the histories where there are many."""
    some = slice(None, None, len(histories.x) // 3000 + 1)
    few = Histories(histories.x[some], histories.t_x[some], histories.observed[some], histories.customers[some])
    around = model.rates.around

    def total(at: Array) -> float:
        return float(np.log(np.sum(few.customers * pareto_nbd.expected(at, few, weeks))))

    steps = np.eye(4) * 1e-3
    gradient = np.array([(total(around.log_parameters + s) - total(around.log_parameters - s)) / 2e-3 for s in steps])
    return float(gradient @ around.covariance @ gradient)
