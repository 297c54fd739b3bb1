"""Scores of a night: who has none, how good they are, and what few or no buyers get. Not here: which fit makes them (test_nightly_fits.py)."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from orchestration.core.settings import ScoreSettings
from orchestration.prediction.nightly.card import write_card
from orchestration.prediction.nightly.listed import show_score
from orchestration.prediction.nightly.predict import predict
from orchestration.prediction.nightly.purchases import NONE, PURCHASES, VALUE, PurchaseScores
from tests.unit.prediction.guess import rows
from tests.unit.purchase_worlds import WORLD, purchases

DAY_0 = datetime(2025, 1, 1)
SETTINGS = ScoreSettings()


def fill(con, customers: int, days: int, seed: int = 1) -> np.ndarray:
    """Customers and their purchases of so many days. Returns how often each buys in the year after them."""
    who, day = purchases(np.random.default_rng(seed), customers, WORLD, days + 365)
    con.register("made", pa.table({"who": who, "day": day}))
    con.execute(
        "insert into marts.customer_profile select distinct 'c' || who from made; "
        "insert into marts.fct_orders select 'c' || who, $1::timestamp + to_days(day::integer), 100 + who % 7, true from made",
        [DAY_0],
    )
    later = (day > days) & (day <= days + 365)
    return np.bincount(who[later], minlength=customers)


def test_who_may_not_be_profiled_is_in_neither_the_fit_nor_the_scores(shop):
    fill(shop, 300, 400)
    night = DAY_0 + timedelta(days=400)
    shop.execute("delete from marts.customer_profile where hash(customer_id) % 3 = 0")
    (told,) = predict(shop, [PurchaseScores()], SETTINGS, night)
    known = shop.execute("select content from scores.score_models").fetchall()
    assert told.rows == len(rows(shop)) > 300
    assert {c for (c,) in rows(shop, "customer_id")} <= {
        c for (c,) in shop.execute("from marts.customer_profile").fetchall()
    }
    # what is learned is what it would be had they never bought
    shop.execute(
        "delete from marts.fct_orders where customer_id not in (from marts.customer_profile); delete from scores.score_models"
    )
    before = rows(shop)
    predict(shop, [PurchaseScores()], SETTINGS, night)
    assert shop.execute("select content from scores.score_models").fetchall() == known and rows(shop) == before


def test_who_objects_loses_the_score_in_the_next_night(shop):
    fill(shop, 50, 400)
    night = DAY_0 + timedelta(days=400)
    predict(shop, [PurchaseScores()], SETTINGS, night)
    (gone,) = rows(shop, "customer_id")[0]
    shop.execute("delete from marts.customer_profile where customer_id = $1", [gone])
    # by the fit that stands, on a connection of its own: what the fit left behind on the first one is not there
    (told,) = predict(shop.cursor(), [PurchaseScores()], SETTINGS, night + timedelta(days=1))
    assert not told.is_fitted and rows(shop, where=f"customer_id = '{gone}'") == [] and told.rows > 0


def test_two_hundred_buyers_of_a_year_have_calibrated_scores_with_a_width(shop):
    later = fill(shop, 200, 365)
    (told,) = predict(shop, [PurchaseScores()], SETTINGS, DAY_0 + timedelta(days=365))
    assert told.rows == 600 and not told.held_back
    expected = dict(rows(shop, "customer_id, value", f"score = '{PURCHASES}'"))
    wide = rows(shop, "lower, value, upper", f"score = '{PURCHASES}'")
    assert all(low <= value <= high or value < 1 for low, value, high in wide) and max(high for *_, high in wide) > 2
    assert sum(expected.values()) == pytest.approx(later.sum(), rel=0.35)
    chance = dict(rows(shop, "customer_id, value", f"score = '{NONE}'"))
    assert np.mean(list(chance.values())) == pytest.approx(np.mean(later == 0), abs=0.1)
    assert all(0 < p < 1 for p in chance.values())
    words, codes = rows(shop, "reasons, reason_codes", f"score = '{VALUE}'")[0]
    assert words and codes and "_" not in words
    quality = shop.execute("select count(*) from scores.score_quality where value is not null and baseline <> ''")
    assert quality.fetchall()[0][0] > 5


def test_of_many_the_chance_of_no_purchase_is_right_and_better_than_simple_rules(shop):
    later = fill(shop, 3000, 500, seed=2)
    predict(shop, [PurchaseScores()], SETTINGS, DAY_0 + timedelta(days=500))
    chance = dict(rows(shop, "customer_id, value", f"score = '{NONE}'"))
    told = np.array([chance[f"c{n}"] for n in range(3000)])
    none = later == 0
    for low, high in ((0.0, 0.6), (0.6, 0.85), (0.85, 1.0)):
        part = (told >= low) & (told < high)
        assert np.mean(none[part]) == pytest.approx(np.mean(told[part]), abs=0.06), (low, high)
    brier, simple, held = shop.execute(
        "select value, baseline_value, is_held_back from scores.score_quality where score = $1 and measure = 'brier'",
        [NONE],
    ).fetchall()[0]
    assert brier < simple and not held
    tenths = rows(shop, "decile, count(*), min(value)", f"score = '{NONE}' group by decile")
    assert [tenth for tenth, *_ in tenths] == [*range(1, 11)] and [v for *_, v in tenths] == sorted(
        v for *_, v in tenths
    )


@pytest.mark.parametrize(
    ("score", "said"), [(NONE, "%"), (PURCHASES, "purchases from 2025-01-03"), (VALUE, "purchases from 2025-01-03")]
)
def test_the_card_of_a_forecast_has_its_data_and_its_calibration_curve(shop, score, said):
    fill(shop, 400, 500)
    predict(shop, [PurchaseScores()], SETTINGS, DAY_0 + timedelta(days=500))
    shown = show_score(shop, [PurchaseScores()], score, few=5)
    assert 5 < len(shown.about.curve) <= 10 and sum(n for *_, n in shown.about.curve) > 200
    page = write_card(shown)
    assert all(words in page for words in (said, "<svg", "Data and period", "Measured on", "2026-05-16"))
    assert (
        "days since the last order" in page
        and "lost without it" in page
        and "shuffled among customers who are alike" in page
    )


def test_the_card_of_a_forecast_by_a_simple_rule_says_that_nothing_else_counts(shop):
    """Who buys as regularly as a clock is foretold by the own rate better than by the model, to which chance is in it."""
    shop.execute(
        "insert into marts.customer_profile select 'c' || n from range(300) r(n); "
        "insert into marts.fct_orders select 'c' || n, $1::timestamp + to_days((n % 40 + k * (40 + n % 7 * 25))::integer), 100 + n % 7, true "
        "from range(300) r(n), range(25) o(k)",
        [DAY_0],
    )
    predict(shop, [PurchaseScores()], SETTINGS, DAY_0 + timedelta(days=900))
    for score, is_by_rule in ((PURCHASES, True), (VALUE, True), (NONE, False)):
        shown = show_score(shop, [PurchaseScores()], score, few=5)
        page = write_card(shown)
        assert shown.about.is_by_rule == is_by_rule == ("A simple rule decides it: no other column counts." in page)
        assert ("It is by a simple rule" in page) == is_by_rule and ("None is told alone" not in page or not is_by_rule)


@pytest.mark.parametrize("customers", [0, 1, 3])
def test_hardly_any_buyer_is_no_error(shop, customers):
    for n in range(customers):
        shop.execute("insert into marts.customer_profile values ($1)", [f"c{n}"])
        shop.execute("insert into marts.fct_orders values ($1, $2, 100, true)", [f"c{n}", DAY_0])
    # what is not paid at a known rate is a purchase too
    shop.execute("update marts.fct_orders set net_amount = null where customer_id = 'c1'")
    (told,) = predict(shop, [PurchaseScores()], SETTINGS, DAY_0 + timedelta(days=3))
    assert told.rows == 3 * customers - (customers > 1) == len(rows(shop))
    assert bool(told.why_not) == (customers == 0) and (customers or "nothing to learn from" in str(told))
    assert shop.execute("select count(*) from scores.score_quality").fetchall()[0][0] >= 0


def test_an_order_of_an_unknown_amount_is_a_purchase_of_which_nobody_knows_the_worth(shop):
    fill(shop, 300, 400)
    night = DAY_0 + timedelta(days=400)
    predict(shop, [PurchaseScores()], SETTINGS, night)
    before = dict(rows(shop, "customer_id, value", f"score = '{VALUE}'"))
    counted = dict(rows(shop, "customer_id, value", f"score = '{PURCHASES}'"))
    # of some all orders are without a rate, of some a credit note is, of some every other order
    shop.execute(
        "update marts.fct_orders set net_amount = null where hash(customer_id) % 4 = 0 "
        "or hash(customer_id) % 4 = 1 and hash(ordered_at) % 2 = 0"
    )
    unknown = "select distinct customer_id from marts.fct_orders where net_amount is null and ordered_at <= $1"
    gone = {c for (c,) in shop.execute(unknown, [night]).fetchall()}
    (credited,) = next((c,) for c in before if c not in gone)
    shop.execute("insert into marts.fct_orders values ($1, $2, null, false)", [credited, night])
    predict(shop, [PurchaseScores()], SETTINGS, night + timedelta(seconds=1))
    after = dict(rows(shop, "customer_id, value", f"score = '{VALUE}'"))
    assert len(gone) > 100 and after.keys() == before.keys() - gone - {credited}
    # how often one buys goes with what one spends, a little
    assert dict(rows(shop, "customer_id, value", f"score = '{PURCHASES}'")) == pytest.approx(counted, rel=0.2)
    # nobody else is worth less for it: every purchase of this shop is of about 100
    shop.execute("delete from scores.score_models")
    predict(shop, [PurchaseScores()], SETTINGS, night + timedelta(seconds=2))
    again = dict(rows(shop, "customer_id, value", f"score = '{VALUE}'"))
    assert sum(again.values()) == pytest.approx(sum(before[c] for c in again), rel=0.02)


def test_a_source_that_fell_silent_does_not_make_everybody_leave(shop):
    fill(shop, 300, 400)
    shop.execute("delete from marts.fct_orders where ordered_at > $1", [DAY_0 + timedelta(days=400)])
    predict(shop, [PurchaseScores()], SETTINGS, DAY_0 + timedelta(days=400))
    before = rows(shop, "customer_id, score, value")
    predict(shop, [PurchaseScores()], SETTINGS, DAY_0 + timedelta(days=520))
    assert rows(shop, "avg(value)", f"score = '{NONE}'")[0][0] == pytest.approx(
        np.mean([value for _, score, value in before if score == NONE]), abs=0.1
    )
