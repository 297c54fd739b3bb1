"""Fits that somebody asks for: which models, what is held back, and that scores stay until the next run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import duckdb
import pytest

from data_quality.suites import marts
from orchestration.core.errors import KundbildError
from orchestration.core.settings import ScoreSettings, Settings, Source
from orchestration.prediction.nightly.predict import predict
from orchestration.prediction.nightly.training import chosen_of, train
from tests.unit.prediction.guess import Guess

NIGHT = datetime(2025, 1, 1)
SETTINGS = ScoreSettings()


@pytest.fixture
def con():
    con = duckdb.connect()
    con.execute(
        "create schema marts; create table marts.customer_profile as select unnest(['c1', 'c2']) as customer_id; create schema ops; "
        "create table ops.clock as select timestamp '2025-01-01' as as_of"
    )
    return con


def values(con) -> list[float]:
    return [v for (v,) in con.execute("select value from scores.customer_scores order by 1").fetchall()]


def test_a_fit_that_is_asked_for_is_made_at_once_and_the_next_night_scores_by_it(con):
    predict(con, [Guess()], SETTINGS, NIGHT)
    said: list[str] = []
    (told,) = train(con, [Guess(brier=0.09, content="second")], SETTINGS, tell=said.append)
    assert said == ["1 of 1: guess"] and told.is_used and str(told) == f"guess: the next run scores by {told.version}"
    assert [m.value for m in told.measures] == [0.09] and [m.value for m in told.last] == [0.1]
    assert values(con) == [0.25, 0.5]
    (night,) = predict(con, [Guess(content="second")], SETTINGS, NIGHT + timedelta(days=1))
    assert not night.is_fitted and night.version == told.version and values(con) == [0.75, 1.5]


@pytest.mark.parametrize(("brier", "why"), [(0.3, "worse than the simple rule"), (0.15, "where the last fit was")])
def test_a_worse_fit_is_held_back_and_the_last_one_goes_on(con, brier, why):
    (first,) = predict(con, [Guess()], SETTINGS, NIGHT)
    (told,) = train(con, [Guess(brier=brier, content="second")], SETTINGS)
    assert not told.is_used and why in str(told) and "is held back" in str(told)
    (night,) = predict(con, [Guess(content="second")], SETTINGS, NIGHT + timedelta(days=1))
    assert night.version == first.version and values(con) == [0.25, 0.5]


def test_models_are_named_by_themselves_or_by_their_scores(con):
    other = Guess(name="other", scores=(replace(Guess().scores[0], name="worth"),))
    both = [Guess(), other]
    assert (
        [one.name for one in chosen_of(both, ["worth"])]
        == ["other"]
        == [one.name for one in chosen_of(both, ["other"])]
    )
    assert [one.name for one in chosen_of(both, [])] == ["guess", "other"]
    with pytest.raises(KundbildError, match="no model or score gess") as raised:
        chosen_of(both, ["gess"])
    assert "did you mean guess" in raised.value.to_do


def test_what_cannot_be_trained_says_why(con):
    (told,) = train(con, [Guess(seen="")], SETTINGS)
    assert str(told) == "guess: no fit: there is nothing to learn from yet"
    with pytest.raises(KundbildError, match="switched off"):
        train(con, [Guess()], ScoreSettings(enabled=False))
    con.execute("drop table ops.clock")
    with pytest.raises(KundbildError, match="no night has built the marts"):
        train(con, [Guess()], SETTINGS)


def broken(con, table: str) -> list[tuple]:
    """What the check of this table finds."""
    settings = Settings(company="T", sources={"s": Source(connector="files", url="/nowhere")})
    (check,) = (c for suite in marts.suites(settings, {}) if suite.name == f"scores.{table}" for c in suite.checks)
    return con.execute(check.arguments["unexpected_rows_query"].format(batch=f"scores.{table}")).fetchall()


def test_the_check_is_of_the_later_one_of_two_fits_of_a_night(con):
    predict(con, [Guess()], SETTINGS, NIGHT)
    assert broken(con, "score_quality") == []
    train(con, [Guess(brier=0.3, content="second")], SETTINGS)
    assert broken(con, "score_quality") == [(Guess().scores[0].name,)]
    train(con, [Guess(brier=0.09, content="third")], SETTINGS)
    assert broken(con, "score_quality") == []


def test_checks_of_scores_that_are_switched_off_find_nothing(con):
    predict(con, [Guess()], SETTINGS, NIGHT)
    train(con, [Guess(brier=0.3, content="second")], SETTINGS)
    con.execute("update scores.score_drift set has_moved = true")
    con.execute(
        "insert into scores.score_drift select 'guess', any_value(version), $1, 'score', 'n', 1, true, 300, 300 from scores.customer_scores",
        [NIGHT],
    )
    assert broken(con, "score_quality") and broken(con, "score_drift")
    predict(con, [Guess()], ScoreSettings(enabled=False), NIGHT + timedelta(days=1))
    assert broken(con, "score_quality") == broken(con, "score_drift") == []
