"""Gamma-Gamma: what a customer's purchases are worth on average, from few that were seen. Not here: how many there will be.

Fader, Hardie and Lee (2005), Journal of Marketing Research 42:415; the likelihood as Fader and Hardie (2013) write it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from orchestration.prediction.pareto_nbd import Array

# logarithms of p, q and, in units of the mean, gamma: as wide as what shops have
_BELIEVED = np.log([3.0, 3.5, 1.0])
_WIDTH = np.array([1.0, 1.0, 1.25])
# more customers than this say nothing more about three parameters
_ENOUGH = 100_000


@dataclass(frozen=True)
class GammaGamma:
    """A fit. A purchase varies about the customer's mean with shape p; means vary over customers with q and gamma."""

    p: float
    q: float
    gamma: float

    def mean_amount(self, purchases: Array, mean: Array) -> Array:
        """The mean amount of each customer's purchases, between the customer's own and that of all."""
        of_all = self.gamma * self.p / (self.q - 1)
        own = self.p * purchases / (self.p * purchases + self.q - 1)
        return own * mean + (1 - own) * of_all


def fit(purchases: Array, mean: Array) -> GammaGamma:
    """The most likely parameters given each customer's number of purchases and their mean amount, and what is believed before.

    Customers with a mean of nothing or less are left out. Never fails: of nobody it expects nothing.
    """
    is_paid = mean > 0
    n, m = purchases[is_paid], mean[is_paid]
    if len(n) > _ENOUGH:
        every = len(n) // _ENOUGH + 1
        n, m = n[::every], m[::every]
    unit = float(np.mean(m)) if len(m) else 0.0
    m = m / (unit or 1.0)

    def loss(v: Array) -> float:
        p, q, g = np.exp(v[0]), 1.0 + np.exp(v[1]), np.exp(v[2])
        likelihood = (
            gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(g) + (p * n - 1) * np.log(m) + p * n * np.log(n)
            - (p * n + q) * np.log(g + m * n)
        )  # fmt: skip
        total = -float(np.sum(likelihood)) + 0.5 * float(np.sum(((v - start) / _WIDTH) ** 2))
        return total if np.isfinite(total) else 1e300

    start = _BELIEVED - np.array([0.0, np.log(3.5 / 2.5), 0.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(b - 5, b + 5) for b in start]).x
    return GammaGamma(float(np.exp(found[0])), 1.0 + float(np.exp(found[1])), float(np.exp(found[2])) * unit)
