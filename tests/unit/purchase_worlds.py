"""Worlds in which Pareto/NBD is the truth: who buys when. Not here: what a model finds of it."""

from __future__ import annotations

import numpy as np

WORLD = (0.6, 9.0, 0.7, 14.0)


def purchases(rng, customers, parameters, days):
    """(customer, day) of each purchase of a world where Pareto/NBD is the truth; first purchases are in the first year."""
    r, alpha, s, beta = parameters
    first = rng.integers(0, 365, customers)
    rate, life = rng.gamma(r, 1 / alpha, customers), rng.exponential(1 / rng.gamma(s, 1 / beta, customers)) * 7
    spans = np.minimum(life, days - first)
    counts = rng.poisson(rate * spans / 7)
    who = np.repeat(np.arange(customers), counts)
    later = first[who] + np.floor(rng.uniform(0, 1, len(who)) * spans[who])
    return np.concatenate([np.arange(customers), who]), np.concatenate([first, later]).astype(int)
