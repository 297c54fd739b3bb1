"""When a night makes a fit anew, what holds it back, which one goes on, and how that is told. Not here: what scores say (test_nightly_scores.py)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data_quality.suites import marts
from orchestration.core.errors import KundbildError
from orchestration.core.settings import ScoreSettings, Settings, Source
from orchestration.prediction.nightly.card import write_card
from orchestration.prediction.nightly.estimators import Score
from orchestration.prediction.nightly.listed import list_scores, show_score
from orchestration.prediction.nightly.predict import predict
from tests.unit.prediction.guess import Guess, rows

DAY_0 = datetime(2025, 1, 1)
SETTINGS = ScoreSettings()


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
