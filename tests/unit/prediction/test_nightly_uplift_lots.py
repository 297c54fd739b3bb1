"""Campaigns to other customers, with another share held out, or to the same customers again: each lot is compared within itself."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.prediction.nightly.moved import CampaignLift
from tests.unit.prediction.test_nightly_uplift import NIGHT, _send, world


def campaign(con: duckdb.DuckDBPyConnection, name: str, days_ago: int, who, held, buys) -> None:
    con.register("sends", pa.table({"who": who, "held": held, "buys": buys}))
    _send(con, NIGHT - timedelta(days=days_ago, hours=-9), name)


def measured(con: duckdb.DuckDBPyConnection, days: int = 7) -> dict[str, float]:
    estimator = CampaignLift(days)
    assert estimator.inputs(con, NIGHT)
    return {m.measure: m.value for m in estimator.fit(con, NIGHT).measures}


@pytest.mark.parametrize("days_ago", [(20, 40), (20, 20)])
def test_campaigns_to_other_customers_with_another_hold_out_are_not_a_lift(days_ago):
    """Loyal customers of whom half are held out, and others of whom few are: a campaign that does nothing has no lift."""
    rng = np.random.default_rng(1)
    con = world(5000, 0)
    loyal, others = np.arange(1000), np.arange(1000, 5000)
    for who, share, buys, ago in ((loyal, 0.5, 0.3, days_ago[0]), (others, 0.05, 0.02, days_ago[1])):
        campaign(con, f"k{len(who)}", ago, who, rng.random(len(who)) < share, rng.random(len(who)) < buys)
    found = measured(con)
    assert found["campaigns"] == 2 and found["customers"] == 5000
    assert found["mean_lift_low"] < 0 < found["mean_lift_high"] and abs(found["mean_lift"]) < 0.04
    assert found["qini"] == 0
    assert abs(found.get("qini_of_the_ranking_tried", 0.0)) < 0.02


def test_a_group_that_is_always_held_out_is_as_many_customers_as_it_is():
    """A customer's rows in twelve campaigns are one person, whose habit is no twelve answers."""
    rng = np.random.default_rng(2)
    con = world(1000, 0)
    who = np.arange(1000)
    held, buyer = rng.random(1000) < 0.2, rng.random(1000) < 0.2
    for n in range(12):
        campaign(con, f"k{n}", 14 * n + 13, who, held, buyer & (rng.random(1000) < 0.5))
    found = measured(con)
    # of 1,000 customers a fifth of whom buy at one half, in two arms: the error of the difference is no less
    least = 0.2 * 0.8 * 0.5**2 * (1 / held.sum() + 1 / (~held).sum())
    assert found["mean_lift_high"] - found["mean_lift_low"] > 2 * 1.96 * least**0.5
    assert found["mean_lift_low"] < 0 < found["mean_lift_high"]
