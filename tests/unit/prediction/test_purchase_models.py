"""The models of purchases against worlds whose truth is known: rates come back, closed forms are what a simulation counts, and the
intervals of few buyers hold what comes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma

from orchestration.prediction import gamma_gamma, pareto_nbd, rate_mixture
from orchestration.prediction.classify.quality import calibration_error
from orchestration.prediction.pareto_nbd import Histories
from tests.bench.few_buyers import shop_of_few
from tests.unit.purchase_worlds import WORLD, purchases


def histories_of(who, day, until):
    """As the SQL counts them, in numpy."""
    is_known = day <= until
    seen = np.unique(np.stack([who[is_known], day[is_known]]), axis=1)
    customers, at, counts = np.unique(seen[0], return_index=True, return_counts=True)
    first, last = seen[1][at], np.maximum.reduceat(seen[1], at)
    return customers, Histories(
        (counts - 1).astype(float), (last - first) / 7, (until - first) / 7, np.ones(len(customers))
    )


def test_parameters_come_back():
    who, day = purchases(np.random.default_rng(1), 20_000, WORLD, 365)
    _, histories = histories_of(who, day, 365)
    found = pareto_nbd.fit(histories)
    # purchases of one day are one, which takes a little from the fastest
    assert found.parameters["r"] == pytest.approx(WORLD[0], rel=0.15)
    rate = found.parameters["r"] / found.parameters["alpha"]
    assert rate == pytest.approx(WORLD[0] / WORLD[1], rel=0.08)
    assert found.parameters["s"] == pytest.approx(WORLD[2], rel=0.3)
    errors = np.sqrt(np.diag(found.covariance))
    assert np.all(errors > 0) and errors[0] < 0.05


@pytest.mark.parametrize("world", [(0.55, 10.6, 0.6, 11.7), (1.2, 4.0, 2.5, 30.0)])
@pytest.mark.parametrize("seen", [(2, 30.43, 38.86), (0, 0, 12.0), (9, 20.0, 39.0)])
def test_the_closed_form_is_the_integral_over_rates(world, seen):
    """A customer who has not left is as likely as rates say, summed up over their quantiles."""
    r, alpha, s, beta = world
    x, t_x, observed = seen
    at = (np.arange(1500) + 0.5) / 1500
    buying, leaving = np.meshgrid(gamma.ppf(at, r, scale=1 / alpha), gamma.ppf(at, s, scale=1 / beta))
    both = buying + leaving
    stayed = buying**x * np.exp(-both * observed)
    left = buying**x * leaving / both * (np.exp(-both * t_x) - np.exp(-both * observed))
    whole = np.sum(stayed + left)
    one = Histories(np.array([float(x)]), np.array([t_x]), np.array([observed]), np.ones(1))
    p = np.log(world)
    assert pareto_nbd.alive(p, one)[0] == pytest.approx(np.sum(stayed) / whole, rel=5e-3)
    later = np.sum(stayed * buying * -np.expm1(-leaving * 39) / leaving) / whole
    assert pareto_nbd.expected(p, one, 39.0)[0] == pytest.approx(later, rel=5e-3)


@pytest.mark.parametrize("s", [0.7, 1.0, 1.0 + 1e-12])
def test_expectations_have_no_hole_where_a_power_vanishes(s):
    one = Histories(np.array([2.0]), np.array([10.0]), np.array([20.0]), np.ones(1))
    near = pareto_nbd.expected(np.log([0.6, 10, s + 1e-5, 12]), one, 20.0)
    assert pareto_nbd.expected(np.log([0.6, 10, s, 12]), one, 20.0) == pytest.approx(near, rel=1e-4)


def test_the_mixture_expects_what_comes_and_knows_how_far_it_varies():
    who, day = purchases(np.random.default_rng(2), 30_000, WORLD, 730)
    customers, histories = histories_of(who, day, 365)
    is_later = (day > 365) & np.isin(who, customers)
    actual = np.bincount(np.searchsorted(customers, who[is_later]), minlength=len(customers))
    found = rate_mixture.outlook(rate_mixture.fit(histories), histories, 365 / 7)
    assert np.sum(found.expected) == pytest.approx(np.sum(actual), rel=0.06)
    for some in (histories.x == 0, histories.x == 2, histories.x >= 5):
        assert np.mean(found.expected[some]) == pytest.approx(np.mean(actual[some]), rel=0.15)
    far = np.mean((actual - found.expected) ** 2) / np.mean(found.variance)
    assert 0.85 < far < 1.2
    assert np.all((found.alive >= 0) & (found.alive <= 1 + 1e-6))


def test_amounts_of_few_purchases_are_drawn_to_those_of_all():
    rng = np.random.default_rng(3)
    means = 1 / rng.gamma(4.0, 1 / 90.0, 20_000)
    counts = rng.integers(1, 6, 20_000).astype(float)
    seen = means * rng.gamma(5.0 * counts, 1 / (5.0 * counts))
    found = gamma_gamma.fit(counts, seen)
    told = found.mean_amount(counts, seen)
    assert np.mean((told - means) ** 2) < 0.85 * np.mean((seen - means) ** 2)
    assert (found.p, found.q) == (pytest.approx(5.0, rel=0.2), pytest.approx(4.0, rel=0.2))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_daily_buyers_are_told_from_the_others():
    """Their likelihood is beyond what a float holds; rates reach one purchase a day."""
    rng = np.random.default_rng(4)
    counts = np.concatenate([rng.binomial(300, 0.85, 200), rng.binomial(300, 0.05, 200)]).astype(float)
    histories = Histories(counts, np.full(400, 299 / 7), np.full(400, 300 / 7), np.ones(400))
    found = rate_mixture.outlook(rate_mixture.fit(histories), histories, 100 / 7).expected
    assert np.mean(found[:200]) == pytest.approx(85, rel=0.15) and np.mean(found[200:]) == pytest.approx(5, rel=0.2)


def test_nobody_is_no_error_of_the_models():
    none = Histories(*(np.empty(0) for _ in range(4)))
    assert len(rate_mixture.outlook(rate_mixture.fit(none), none, 52.0).expected) == 0
    assert gamma_gamma.fit(np.empty(0), np.empty(0)).mean_amount(np.ones(1), np.ones(1))[0] > 0


@pytest.mark.parametrize(("customers", "worlds"), [pytest.param(5, 40, marks=pytest.mark.slow), (200, 6)])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_of_few_buyers_the_interval_holds_what_comes_and_the_chance_is_calibrated(customers, worlds):
    rng = np.random.default_rng(customers)
    found = [shop_of_few(rng, customers) for _ in range(worlds)]
    assert all(len(one.chance) == customers and np.all((one.chance > 0) & (one.chance < 1)) for one in found)
    assert np.mean([one.low <= one.came <= one.high for one in found]) >= 0.8
    assert np.mean(np.concatenate([one.is_inside for one in found])) > 0.85
    assert sum(one.expected for one in found) == pytest.approx(sum(one.came for one in found), rel=0.3)
    has_none, chance = (np.concatenate([getattr(one, part) for one in found]) for part in ("has_none", "chance"))
    assert calibration_error(has_none, chance) < 0.1
