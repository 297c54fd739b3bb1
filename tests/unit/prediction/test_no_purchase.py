"""The chance of no purchase: right on customers of a real shop in a later time, and corrected no further than is known."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pytest

from orchestration.prediction.classify.quality import auc, brier, calibration_error
from orchestration.prediction.forecast import applied, learn
from orchestration.prediction.no_purchase import RATE, SHARE, Correction, learned_correction, measured_chances
from orchestration.prediction.purchase_histories import purchases_between, read_purchases
from tests.conftest import shared


def test_of_a_real_shop_it_is_calibrated_in_a_later_time_and_better_than_simple_rules():
    con, file = duckdb.connect(), shared("cdnow") / "cdnow_orders.csv"
    con.execute("create temp table transactions as from read_csv($1, all_varchar = true)", [str(file)])
    read = read_purchases(con, file.name, customer="customer", day="date", amount="amount_usd", date_format=None)
    known, until = date(1997, 9, 30), date(1998, 6, 30)
    learned = learn(con, read.first_day, known, (until - known).days)
    found = applied(con, learned, read.first_day, known, until)
    has_none = (purchases_between(con, known, until)[0] == 0).astype(float)
    plain = found.expected.none
    corrected = learned.windows[0].correction(plain)
    histories = found.customers.histories
    rate = (histories.x / np.maximum(histories.observed, 1 / 7))[found.customers.history] * 39
    assert brier(has_none, corrected) < 0.162 and brier(has_none, np.exp(-rate)) > 0.2
    assert auc(has_none, corrected) > 0.76 > auc(has_none, np.exp(-rate))
    # customers who bought once come back more often than the model says: the window before it shows that
    assert calibration_error(has_none, corrected) < 0.025 and calibration_error(has_none, plain) > 0.07


def test_of_few_customers_the_correction_stays_near_none_and_of_many_it_is_learned():
    rng = np.random.default_rng(1)

    def learned(customers: int, level: float, slope: float) -> Correction:
        said = rng.uniform(0.05, 0.95, customers)
        return learned_correction(said, (rng.random(customers) < Correction(level, slope)(said)).astype(float))

    many = learned(20_000, 0.5, 0.7)
    assert (many.level, many.slope) == pytest.approx((0.5, 0.7), abs=0.1)
    few = learned(10, 3.0, 0.7)
    assert abs(few.level) < 1.2 and 0.5 < few.slope < 1.5
    # a window that says the opposite does not turn the order round
    assert learned(20_000, 0.0, -2.0).slope > 0
    assert learned_correction(np.full(3, 0.5), np.ones(3)).level < 0.6


def test_chances_are_measured_beside_the_better_of_two_simple_rules():
    rng = np.random.default_rng(2)
    rate = rng.gamma(1.0, 1.0, 4000)
    has_none = (rng.poisson(rate) == 0).astype(float)
    told = measured_chances(np.exp(-rate), has_none, rate)
    assert told.baseline == RATE and told.brier == pytest.approx(told.baseline_brier, abs=0.002)
    assert abs(told.against[0]) < 3 * told.against[1] + 1e-4
    other = measured_chances(np.exp(-rate), has_none, rng.permutation(rate))
    assert other.baseline == SHARE and other.baseline_auc == 0.5 and other.against[0] > 10 * other.against[1]
    alone = measured_chances(np.array([0.5, 0.5]), np.zeros(2), np.ones(2))
    assert alone.auc is None and alone.share == 0
