"""What a forecast rests on: what the world makes count, by histories that somebody could have."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.prediction import forecast_importance as importance
from orchestration.prediction.backtests import backtests
from orchestration.prediction.purchase_histories import Reading
from tests.unit.purchase_worlds import WORLD, purchases

DAY_0, DAYS = date(2024, 1, 1), 800


@pytest.fixture(scope="module")
def held_out():
    """Customers of a world in which amounts say nothing, and who buys is Pareto/NBD."""
    con = duckdb.connect()
    who, day = purchases(np.random.default_rng(3), 2000, WORLD, DAYS)
    con.register("made", pa.table({"who": who, "day": day}))
    con.execute(
        "create temp table purchase_days as select 'c' || who as customer, $1::date + day::integer as day, 100.0 + hash(who) % 50 as amount, "
        "true as is_purchase from made group by all",
        [DAY_0],
    )
    return backtests(con, DAY_0, DAY_0 + timedelta(days=DAYS), 365, Reading())[0].held_out


def test_it_rests_on_how_often_and_when_last_and_not_on_what_says_nothing(held_out):
    found = held_out.importance()
    assert set(found) == {"purchases", "value", "none"}
    for score, rows in found.items():
        lost = {row["column"]: next(v for k, v in row.items() if k.endswith("_lost")) for row in rows}
        assert list(lost)[:2] == [importance.ORDERS, importance.LAST], score
        assert lost[importance.ORDERS] > 0.1 and lost[importance.LAST] > 0.05
        assert lost.get(importance.AMOUNT, 0.0) < 0.02 < lost[importance.LAST]
    told = {row["column"]: row["direction"] for row in found["none"]}
    assert told[importance.ORDERS] == "the lower, the higher the score"
    assert told[importance.LAST] == "the higher, the higher the score"
    assert held_out.importance() == found, "a fit is the same each time"


def test_a_shuffled_history_is_one_that_somebody_could_have(held_out):
    rng = np.random.default_rng(0)
    known = importance._Known.of(held_out.customers, np.arange(len(held_out.purchases)))
    before = known.customers(held_out.customers)
    np.testing.assert_allclose(before.mean_spent, held_out.customers.mean_spent)
    np.testing.assert_allclose(before.histories.t_x, held_out.customers.histories.t_x[held_out.customers.history])
    for column in known.columns():
        after = known.shuffled(column, rng).customers(held_out.customers)
        x, t_x, observed = after.histories.x, after.histories.t_x, after.histories.observed
        assert ((t_x >= 0) & (t_x <= observed + 1e-9)).all() and ((x > 0) | (t_x == 0)).all()
        # only what is asked about has changed hands, and none of its values is lost
        changed = {
            c
            for c, values in known.columns().items()
            if not np.allclose(values, known.shuffled(column, rng).columns()[c])
        }
        assert column in changed and importance.AMOUNT not in changed - {column}
        assert sorted(x) == sorted(before.histories.x) and np.allclose(
            sorted(observed), sorted(before.histories.observed)
        )
