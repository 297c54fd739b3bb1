"""Several lots: the mean lift and the Qini of chance hold zero, whoever was drawn, how often, and by which share."""

from __future__ import annotations

import numpy as np
import pytest

from orchestration.prediction.uplift.lift import compare
from orchestration.prediction.uplift.lots import Lots, mean_lift
from orchestration.prediction.uplift.qini import arms_of, qini, tenths

CUSTOMERS, CAMPAIGNS = 1000, 12


def always_held_out(seed: int):
    """A fifth is held out of all campaigns, which do nothing; a fifth buys at one half each time. (is_treated, outcome, lots)"""
    rng = np.random.default_rng(seed)
    held, buyer = rng.random(CUSTOMERS) < 0.2, rng.random(CUSTOMERS) < 0.2
    customer = np.tile(np.arange(CUSTOMERS), CAMPAIGNS)
    outcome = buyer[customer] & (rng.random(len(customer)) < 0.5)
    return ~held[customer], outcome.astype(float), Lots(np.repeat(np.arange(CAMPAIGNS), CUSTOMERS), customer)


def test_one_draw_has_the_interval_of_two_rates():
    rng = np.random.default_rng(0)
    treated = rng.random(500) < 0.9
    for chance in (0.3, 0.01, 0.0):
        outcome = (rng.random(500) < chance).astype(float)
        control, arm = arms_of(treated, outcome)
        (expected,) = compare(control, [arm], is_rate=True)
        found = mean_lift(treated, outcome, Lots.one(500))
        assert found is not None
        assert (found.lift, found.low, found.high) == pytest.approx(
            (expected.lift, expected.lift_low, expected.lift_high)
        )


def test_a_draw_with_one_arm_has_no_lift():
    treated, lots = np.array([True, True, False, False]), Lots.of(np.array([1, 1, 2, 2]), np.arange(4))
    assert mean_lift(treated, np.ones(4), lots) is None
    assert not lots.weight(treated).any()


def test_the_interval_of_customers_who_are_drawn_again_holds_no_lift():
    found = [mean_lift(*always_held_out(seed)) for seed in range(60)]
    assert sum(lift.low <= 0 <= lift.high for lift in found) >= 54


def test_the_interval_of_a_rare_outcome_misses_on_neither_side():
    """Most lots of few who are held out have nobody with the outcome: their ends say nothing of how low a rate can be."""
    lots, arms = 17, {True: (2700, 0.004), False: (300, 0.004)}
    treated = np.concatenate([np.full(lots * n, arm) for arm, (n, _) in arms.items()])
    lot = np.concatenate([np.repeat(np.arange(lots), n) for n, _ in arms.values()])
    rng, missed = np.random.default_rng(5), []
    for _ in range(150):
        outcome = np.concatenate([rng.random(lots * n) < chance for n, chance in arms.values()]).astype(float)
        found = mean_lift(treated, outcome, Lots(lot, np.arange(len(lot))))
        assert found is not None
        missed.append((found.low > 0, found.high < 0))
    assert max(sum(side) for side in zip(*missed, strict=True)) <= 9, "a true lift is missed by one side in 2.5 of 100"


@pytest.mark.slow
def test_the_qini_of_customers_who_are_drawn_again_is_no_surer_than_they_are_many():
    """A ranking by the customer alone: what it says is of 1,000 customers, not of 12,000."""
    held = 0
    for seed in range(20):
        treated, outcome, lots = always_held_out(seed)
        found = qini(np.random.default_rng(seed).random(CUSTOMERS)[lots.customer], treated, outcome, lots=lots)
        held += found.low <= 0 <= found.high
    assert held >= 17


def test_a_ranking_that_tells_the_draws_apart_finds_nobody_who_is_moved():
    """Loyal customers, of whom half are held out, rank first: they buy more with and without the campaign."""
    rng = np.random.default_rng(3)
    loyal = np.arange(20_000) < 4000
    treated = rng.random(20_000) > np.where(loyal, 0.5, 0.05)
    outcome = (rng.random(20_000) < np.where(loyal, 0.3, 0.02)).astype(float)
    lots = Lots.of(loyal, np.arange(20_000))
    ranking = loyal + rng.random(20_000) / 10
    found = qini(ranking, treated, outcome, lots=lots)
    assert found.low < 0 < found.high
    assert qini(ranking, treated, outcome).low > 0, "as one lot, the mix of customers looks like a ranking"
    table = tenths(rng.random(20_000), treated, outcome, is_rate=True, lots=lots)
    assert sum(row["lift_low"] <= 0 <= row["lift_high"] for row in table) >= 8
