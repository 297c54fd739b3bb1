"""Whether tonight's customers and scores are still those of the fit: drift that is planted is told, and none of the same data."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from data_quality.suites import marts
from orchestration.core.settings import ScoreSettings, Settings, Source
from orchestration.prediction.nightly.card import write_card
from orchestration.prediction.nightly.drift import note_drift, note_features
from orchestration.prediction.nightly.listed import show_score
from orchestration.prediction.nightly.predict import predict
from orchestration.prediction.nightly.tables import prepare_scores
from orchestration.prediction.nightly.trained import ANSWERS
from tests.bench.demo_marts import demo_marts
from tests.bench.trained import UNTIL
from tests.unit.empty_tables import empty_tables

SETTINGS = ScoreSettings()


@pytest.fixture
def demo():
    con = demo_marts(2000, 5, UNTIL)
    empty_tables(con, "contact_permissions")
    con.execute(
        "insert into marts.contact_permissions by name select customer_id, 'email' as channel, 'newsletter' as purpose, true as is_permitted "
        "from marts.customer_profile"
    )
    return con


@pytest.mark.slow
def test_what_moved_since_the_fit_is_told_and_nothing_of_the_same_customers(demo):
    (check,) = (
        check for suite in marts.suites(Settings(company="T", sources={"s": Source(connector="files", url="/nowhere")}), {})
        if suite.name == "scores.score_drift" for check in suite.checks
    )  # fmt: skip
    broken = check.arguments["unexpected_rows_query"].format(batch="scores.score_drift")
    for day in (0, 1):
        (told,) = predict(demo, [ANSWERS], SETTINGS, UNTIL + timedelta(days=day))
        assert told.drift_warning == "" and demo.execute(broken).fetchall() == [] and len(told.drift) > 20
    # no email was opened any more, and visits come twice: of sources that were loaded otherwise
    demo.execute("delete from marts.fct_email_events where kind = 'opened'")
    demo.execute("insert into marts.fct_web_sessions select * from marts.fct_web_sessions")
    (told,) = predict(demo, [ANSWERS], SETTINGS, UNTIL + timedelta(days=2))
    assert not told.is_fitted
    for words in (
        "The customers that answers scores differ a lot",
        "share of emails that are opened (",
    ):
        assert words in told.drift_warning, told.drift_warning
    moved = {name for _, name in demo.execute(broken).fetchall()}
    assert {"reads_of_an_email", "visits"} <= moved and "orders" not in moved and check.severity == "WARN"
    page = write_card(show_score(demo, [ANSWERS], "answer_campaign", few=5))
    assert "Tonight differs a lot from the night of the fit: share of emails that are opened" in page
    # whoever is likely to answer may be sent email, and others may not any more
    demo.execute(
        "delete from marts.contact_permissions where customer_id in (select customer_id from scores.customer_scores where decile < 7)"
    )
    (told,) = predict(demo, [ANSWERS], SETTINGS, UNTIL + timedelta(days=3))
    assert "the score answer_campaign (" in told.drift_warning
    # a fit of tonight is of tonight's customers
    demo.execute("delete from scores.score_models")
    (told,) = predict(demo, [ANSWERS], SETTINGS, UNTIL + timedelta(days=4))
    assert told.is_used and told.drift_warning == ""
    # of each night one row a column, also of one that is run again
    predict(demo, [ANSWERS], SETTINGS, UNTIL + timedelta(days=4))
    ((nights, rows),) = demo.execute(
        "select count(distinct as_of), count(*) filter (name = 'visits') from scores.score_drift"
    ).fetchall()
    assert nights == rows == 5


def told_of(con, values: list[float | None], night: int) -> float | None:
    """The stability index of a column with these values."""
    con.execute(
        "create or replace temp table read as select unnest($1::double[]) as worth, uuid() as customer_id", [values]
    )
    note_features(con, "select customer_id, worth from read")
    found = note_drift(con, "guess", "guess-1", [], UNTIL + timedelta(days=night))
    return found[0].index if found else None


@pytest.fixture
def bare():
    con = duckdb.connect()
    prepare_scores(con)
    return con


@pytest.mark.parametrize(("before", "now"), [(5.0, 0.5), (0.0, -1.0), (-5.0, -50.0), (1e6, 1e5), (0.5, 5.0)])
def test_a_column_that_falls_as_a_whole_has_moved(bare, before, now):
    assert told_of(bare, [before] * 300, 0) == told_of(bare, [before] * 300, 1) == 0
    assert told_of(bare, [now] * 300, 2) > 1


def test_one_chance_for_everybody_that_is_worked_out_anew_has_not_moved(bare):
    """Where a model knows no better than the share of all, each night rounds it a little otherwise."""
    assert (
        told_of(bare, [0.134035] * 300, 0) == told_of(bare, [0.134] * 300, 1) == told_of(bare, [0.1341] * 300, 2) == 0
    )
    assert told_of(bare, [0.16] * 300, 3) > 1 and told_of(bare, [0.12] * 300, 4) > 1


def test_what_nearly_everybody_had_and_nobody_has_any_more_has_moved(bare):
    """A flag that was set but for a few, and is set for nobody: as of a source that came without it."""
    assert told_of(bare, [1.0] * 290 + [0.0] * 10, 0) == 0 and told_of(bare, [1.0] * 285 + [0.0] * 15, 1) < 0.1
    assert told_of(bare, [0.0] * 300, 2) > 1


def test_bounds_are_of_many_customers_and_rounded(bare):
    exact = [1234.5678 + n * 3.21987 for n in range(300)]
    assert told_of(bare, exact[:199], 0) is None
    assert bare.execute("from scores.fit_bins").fetchall() == []
    # few answered: how many is compared, and nobody's answer kept
    assert told_of(bare, [*exact[:50], *[None] * 250], 1) == 0
    assert bare.execute("select cuts, customers from scores.fit_bins").fetchall() == [([], [50, 250])]
    bare.execute("delete from scores.fit_bins")
    assert told_of(bare, exact, 2) == 0
    ((cuts,),) = bare.execute("select cuts from scores.fit_bins").fetchall()
    assert len(cuts) == 10 and not set(cuts) & set(exact) and cuts[0] < min(exact)


def test_nights_of_long_ago_are_forgotten(bare):
    for night in (0, 10, 405):
        told_of(bare, [5.0] * 300, night)
    assert bare.execute("select count(*) from scores.score_drift").fetchall() == [(2,)]


def test_of_few_customers_chance_is_no_drift():
    con = demo_marts(150, 5, UNTIL)
    empty_tables(con, "contact_permissions")
    con.execute(
        "insert into marts.contact_permissions by name select customer_id, 'email' as channel, 'newsletter' as purpose, true as is_permitted "
        "from marts.customer_profile"
    )
    predict(con, [ANSWERS], SETTINGS, UNTIL)
    con.execute("delete from marts.fct_email_events where kind = 'opened'")
    (told,) = predict(con, [ANSWERS], SETTINGS, UNTIL + timedelta(days=1))
    assert told.drift_warning == "" and told.rows > 50
