"""Scores of a night: who has none, when a fit is made anew, what holds it back, and what few or no buyers get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from data_quality.suites import marts
from orchestration.core.errors import KundbildError
from orchestration.core.settings import ScoreSettings, Settings, Source
from orchestration.prediction.nightly.card import write_card
from orchestration.prediction.nightly.estimators import SCORED, Fit, Measure, Score
from orchestration.prediction.nightly.listed import list_scores, show_score
from orchestration.prediction.nightly.predict import predict
from orchestration.prediction.nightly.purchases import NONE, PURCHASES, VALUE, PurchaseScores
from tests.unit.purchase_worlds import WORLD, purchases

DAY_0 = datetime(2025, 1, 1)
SETTINGS = ScoreSettings()


@pytest.fixture
def shop():
    """A warehouse with the marts that scores read; `shop.fill` makes customers of a world whose truth is known."""
    con = duckdb.connect()
    con.execute(
        "create schema marts; create table marts.customer_profile (customer_id varchar); "
        "create table marts.fct_orders (customer_id varchar, ordered_at timestamp, net_amount decimal(18, 2), is_order boolean)"
    )
    return con


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


def rows(con, columns: str = "*", where: str = "true") -> list[tuple]:
    return con.execute(f"select {columns} from scores.customer_scores where {where} order by all").fetchall()


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


@dataclass
class Guess:
    """An estimator that says what it is told to."""

    brier: float = 0.1
    # of scores beside the first
    briers: Mapping[str, float] = field(default_factory=dict)
    content: str = "first"
    seen: str = "1"
    why_not: str = ""
    asked: list[str] = field(default_factory=list)
    name: str = "guess"
    shape: int = 1
    marts: tuple[str, ...] = ()
    scores: tuple[Score, ...] = (Score("guess", "a guess", "brier"),)
    reasons: Mapping[str, str] = field(default_factory=lambda: {"a": "one thing", "b": "another"})

    def inputs(self, con, as_of: datetime) -> str:
        return self.seen

    def fit(self, con, as_of: datetime) -> Fit:
        self.asked.append(self.content)
        if self.why_not:
            return Fit({}, [], {}, why_not=self.why_not)
        briers = {"guess": self.brier, **self.briers}
        return Fit(
            {"said": self.content}, [Measure(s, "brier", b, 0.2, 0.01) for s, b in briers.items()], {"guess": "a coin"}
        )

    def score(self, con, content: Mapping[str, Any], as_of: datetime) -> None:
        value = {"first": 0.25, "second": 0.75}[content["said"]]
        for score in self.scores:
            con.execute(
                f"insert into {SCORED} select unnest(['c1', 'c2', 'nobody']), $2, unnest([$1, 2 * $1, 0.5]), null, null, ['b', 'a'], null",
                [value, score.name],
            )


@pytest.fixture
def guessed(shop):
    shop.execute("insert into marts.customer_profile values ('c1'), ('c2')")
    return lambda guess, day, settings=SETTINGS: predict(shop, [guess], settings, DAY_0 + timedelta(days=day))[0]


def test_a_fit_is_made_anew_when_something_came_and_it_is_old(shop, guessed):
    guess = Guess()
    assert guessed(guess, 0).is_fitted
    assert rows(shop, "customer_id, value, decile, reasons, reason_codes") == [
        ("c1", 0.25, 1, "another; one thing", "b, a"),
        ("c2", 0.5, 6, "another; one thing", "b, a"),
    ]
    guess.content, guess.seen = "second", "2"
    assert not guessed(guess, 6).is_fitted and {v for (v,) in rows(shop, "value")} == {0.25, 0.5}
    assert guessed(guess, 7).is_fitted and {v for (v,) in rows(shop, "value")} == {0.75, 1.5}
    assert not guessed(guess, 30).is_fitted
    # a night of before knows nothing of what came after it, and a fit of another shape cannot be read
    assert guessed(guess, 1).is_fitted
    guess.shape = 2
    assert guessed(guess, 2).is_fitted and guess.asked == ["first", "second", "second", "second"]


@pytest.mark.parametrize(
    ("brier", "why"), [(0.3, "worse than the simple rule"), (0.15, "where the last fit was 50% better")]
)
def test_a_fit_that_is_worse_is_held_back_and_the_last_one_goes_on(shop, guessed, brier, why):
    guessed(Guess(), 0)
    told = guessed(Guess(brier=brier, content="second", seen="2"), 10)
    assert why in told.warning and told.version in told.warning and "guess-2025-01-01" in told.version
    assert rows(shop, "customer_id, value, as_of") == [
        ("c1", 0.25, DAY_0 + timedelta(days=10)), ("c2", 0.5, DAY_0 + timedelta(days=10))
    ]  # fmt: skip
    quality = "select version, is_held_back, why <> '' from scores.score_quality order by as_of"
    assert [row[1:] for row in shop.execute(quality).fetchall()] == [(False, False), (True, True)]
    # it is not tried each night anew
    assert not guessed(Guess(content="second", seen="3"), 11).is_fitted
    assert guessed(Guess(content="second", seen="3"), 17).warning == "" and len(rows(shop, where="value > 0.7")) == 2


def test_a_first_fit_that_is_worse_than_the_simple_rule_is_not_told(shop, guessed):
    told = guessed(Guess(brier=0.3), 0)
    assert (
        told.rows == 0
        and "worse than the simple rule" in told.warning
        and "not scored" in told.warning
        and rows(shop) == []
    )


def test_a_score_that_is_not_told_holds_no_other_one_back(shop, guessed):
    two = (Score("guess", "a guess", "brier"), Score("worth", "what it is worth", "brier"))

    def score_of(told: float, content: str, day: int):
        return guessed(Guess(told, {"worth": 0.3}, content, seen=content, scores=two), day)

    first = score_of(0.1, "first", 0)
    assert "fitted" in str(first) and "worth: brier 0.3: worse than the simple rule" in first.warning
    assert first.warning.startswith("A new fit of guess leaves out (worth") and "the last one" not in first.warning
    assert set(rows(shop, "score, value")) == {("guess", 0.25), ("guess", 0.5)}
    second = score_of(0.09, "second", 10)
    assert second.version.startswith("guess-2025-01-11") and "leaves out (worth" in second.warning
    assert set(rows(shop, "score, value")) == {("guess", 0.75), ("guess", 1.5)}
    # one that is told is still held back, with its own reason
    third = score_of(0.19, "first", 20)
    assert third.version == second.version and "held back (guess" in third.warning
    # and what was left out comes as soon as it is better than the rule
    fourth = guessed(Guess(0.09, {"worth": 0.15}, "first", seen="4", scores=two), 30)
    assert fourth.warning == "" and {score for (score,) in rows(shop, "score")} == {"guess", "worth"}


def test_a_fit_does_not_stand_for_ever_against_later_ones(shop, guessed):
    """It may be the luck of one night, and it learnt from people who have objected since."""
    settings = ScoreSettings(keep_fit_days=30)
    lucky = guessed(Guess(brier=0.02), 0, settings)
    worse = Guess(brier=0.1, content="second", seen="2")
    assert "held back" in guessed(worse, 28, settings).warning
    # nothing came since, and the fit that was held back is due all the same
    told = guessed(worse, 35, settings)
    assert told.is_fitted and told.warning == "" and told.version != lucky.version
    assert {v for (v,) in rows(shop, "value")} == {0.75, 1.5}
    # it is now what later ones are compared with, and is not tried anew without need
    assert not guessed(worse, 80, settings).is_fitted
    assert guessed(Guess(brier=0.11, content="first", seen="3"), 81, settings).warning == ""


def test_a_fit_that_is_worse_than_the_simple_rule_ends_one_that_is_too_old(shop, guessed):
    settings = ScoreSettings(keep_fit_days=30)
    guessed(Guess(), 0, settings)
    told = guessed(Guess(brier=0.3, content="second", seen="2"), 31, settings)
    assert told.rows == 0 and "not scored" in told.warning and rows(shop) == []


@pytest.mark.parametrize(
    "nothing", [Guess(seen="2", why_not="no campaign has a hold-out"), Guess(seen="")], ids=["no fit", "no inputs"]
)
def test_where_nothing_can_be_learnt_the_last_fit_goes_on_until_it_is_too_old(shop, guessed, nothing):
    settings = ScoreSettings(keep_fit_days=30)
    first = guessed(Guess(), 0, settings)
    why = nothing.why_not or "nothing to learn from"
    for day in (10, 11, 30):
        told = guessed(nothing, day, settings)
        assert (told.rows, told.version, told.is_fitted, told.why_not) == (2, first.version, False, "")
        assert why in str(told) and why in told.warning and first.version in told.warning
        assert rows(shop, "value, as_of")[0] == (0.25, DAY_0 + timedelta(days=day))
    told = guessed(nothing, 31, settings)
    assert told.rows == 0 and why in told.why_not and rows(shop) == []
    # a night of before does not score by what was learnt after it
    guessed(Guess(seen="3"), 40, settings)
    assert guessed(nothing, 35, settings).rows == 0
    # nor a fit of another shape
    assert guessed(Guess(), 42, settings).rows == 2
    nothing.shape = 2
    assert guessed(nothing, 43, settings).rows == 0


def test_scores_that_are_switched_off_or_made_no_more_go(shop, guessed):
    assert guessed(Guess(), 0).rows == 2
    assert predict(shop, [Guess()], ScoreSettings(enabled=False), DAY_0) == [] and rows(shop) == []


def test_scores_are_listed_and_shown_with_their_quality_and_what_is_held_back(shop, guessed):
    with pytest.raises(KundbildError, match="no night has scored"):
        list_scores(shop, [Guess()])
    guessed(Guess(), 0)
    guessed(Guess(brier=0.3, content="second", seen="2"), 10)
    (one,) = list_scores(shop, [Guess()])
    assert (one.score, one.title, one.customers, one.mean) == ("guess", "a guess", 2, 0.375)
    assert (one.value, one.baseline_value, one.baseline, one.fitted_at) == (0.1, 0.2, "a coin", DAY_0)
    assert one.is_held_back and "worse than the simple rule" in one.why
    shown = show_score(shop, [Guess()], "guess", few=2)
    assert [(fit["is_held_back"], fit["measures"]["brier"]["value"]) for fit in shown.fits] == [
        (True, 0.3),
        (False, 0.1),
    ]
    page = write_card(shown)
    assert all(
        said in page
        for said in ("Model card: guess", "held back", "worse than the simple rule", "another", "0.3", "Art. 22")
    )
    assert "http" not in page and ">c1<" not in page
    # of fewer customers nothing is told
    assert shown.tenths == [] and shown.reasons == [("another", 2), ("one thing", 2)]
    assert show_score(shop, [Guess()], "guess", few=3).reasons == []
    with pytest.raises(KundbildError, match="there is no score gess") as raised:
        show_score(shop, [Guess()], "gess", few=2)
    assert raised.value.to_do == "did you mean guess?"


def test_a_check_warns_while_the_newest_fit_is_held_back(shop, guessed):
    (check,) = (
        check for suite in marts.suites(Settings(company="T", sources={"s": Source(connector="files", url="/nowhere")}), {}) if suite.name == "scores.score_quality" for check in suite.checks
    )  # fmt: skip
    broken = check.arguments["unexpected_rows_query"].format(batch="scores.score_quality")
    for guess, day, found in (
        (Guess(), 0, []),
        (Guess(brier=0.3, content="second", seen="2"), 10, [("guess",)]),
        (Guess(content="second", seen="3"), 20, []),
    ):
        guessed(guess, day)
        assert shop.execute(broken).fetchall() == found
    assert check.severity == "WARN"
