"""Scores of a night that are learnt from past days: of whom, how, and what few or none get."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from orchestration.core.settings import ScoreSettings
from orchestration.prediction.classify.classifier import BOOSTING, BOTH, LOGISTIC, always, fit, fit_again
from orchestration.prediction.classify.kept import kept, restored
from orchestration.prediction.classify.labelled import CATEGORY, NUMBER
from orchestration.prediction.classify.members import single_threaded
from orchestration.prediction.nightly.card import write_card
from orchestration.prediction.nightly.listed import show_score
from orchestration.prediction.nightly.predict import predict
from orchestration.prediction.nightly.trained import ANSWERS, CONTRACTS, leads
from tests.bench.demo_marts import demo_marts
from tests.bench.trained import UNTIL
from tests.unit.empty_tables import empty_tables

SETTINGS = ScoreSettings()


@pytest.fixture(scope="module")
def demo():
    con = demo_marts(3000, 5, UNTIL)
    empty_tables(con, "contact_permissions")
    con.execute(
        "insert into marts.contact_permissions by name select customer_id, 'email' as channel, 'newsletter' as purpose, true as is_permitted "
        "from marts.customer_profile where hash(customer_id) % 3 > 0"
    )
    return con


def rows(con, columns: str, where: str = "true") -> list[tuple]:
    return con.execute(f"select {columns} from scores.customer_scores where {where} order by all").fetchall()


def test_a_night_says_of_each_subscriber_how_likely_the_end_is_and_why(demo):
    (told,) = predict(demo, [CONTRACTS], SETTINGS, UNTIL)
    active = demo.execute(
        "select count(distinct customer_id) from marts.fct_subscriptions where cancelled_at is null"
    ).fetchall()[0][0]
    assert told.rows == active > 50 and told.is_fitted and not told.held_back
    values = [v for (v,) in rows(demo, "value")]
    assert all(0 < v < 1 for v in values) and np.mean(values) == pytest.approx(0.235, abs=0.07)
    measures = {m for (m,) in demo.execute("select measure from scores.score_quality").fetchall()}
    assert measures >= {"brier", "auc", "average_precision", "calibration_error", "share", "customers", "columns_moved"}
    about, measured = demo.execute(
        "select about, value from scores.score_models join scores.score_quality using (version) where measure = 'customers'"
    ).fetchall()[0]
    assert f": {measured:,.0f} customers, " in about and "Measured on" in about
    # the next night scores by the same fit, and who objects since has no score
    (gone,) = rows(demo, "customer_id")[0]
    demo.execute("delete from marts.customer_profile where customer_id = $1", [gone])
    (again,) = predict(demo.cursor(), [CONTRACTS], SETTINGS, UNTIL + timedelta(days=1))
    assert not again.is_fitted and again.version == told.version and rows(demo, "1", f"customer_id = '{gone}'") == []


def test_a_night_says_who_is_likely_to_answer_a_campaign(demo):
    (told,) = predict(demo, [ANSWERS], SETTINGS, UNTIL)
    reachable = demo.execute(
        "select count(*) from marts.contact_permissions semi join marts.customer_profile using (customer_id)"
    ).fetchall()[0][0]
    where = "score = 'answer_campaign'"
    assert told.rows == reachable == len(rows(demo, "1", where)) and not told.held_back
    value, base = demo.execute(
        "select value, baseline_value from scores.score_quality where score = 'answer_campaign' and measure = 'auc'"
    ).fetchall()[0]
    assert value > 0.6 and base is not None
    reasons = [r for (r,) in rows(demo, "reasons", f"{where} and reasons <> ''")]
    assert len(reasons) > reachable / 2 and all("which raises it" in r or "which lowers it" in r for r in reasons)
    assert max(len(r.split("; ")) for r in reasons) <= 3 and not any("_" in r for r in reasons)


@pytest.mark.slow
def test_a_night_says_of_each_lead_how_likely_they_become_a_customer_and_why(demo):
    (told,) = predict(demo, [leads(90)], SETTINGS, UNTIL)
    people = {
        c
        for (c,) in demo.execute(
            "select customer_id from marts.dim_customers semi join marts.customer_profile using (customer_id) "
            "anti join marts.fct_orders o using (customer_id) anti join marts.fct_subscriptions s using (customer_id) where first_seen_at < $1",
            [UNTIL],
        ).fetchall()
    }
    where = "score = 'lead_conversion'"
    assert {c for (c,) in rows(demo, "customer_id", where)} == people and len(people) == told.rows > 300
    assert told.is_fitted and not told.held_back and all(0 < v < 1 for (v,) in rows(demo, "value", where))
    auc, brier, simple = demo.execute(
        "select max(value) filter (measure = 'auc'), max(value) filter (measure = 'brier'), max(baseline_value) filter (measure = 'brier') "
        "from scores.score_quality where score = 'lead_conversion'"
    ).fetchall()[0]
    assert auc > 0.8 and brier <= simple + 0.002
    assert any("days since the customer was first seen" in reasons for (reasons,) in rows(demo, "reasons", where))
    # whoever orders is no lead from then on, and whoever objects is not asked about
    ordered, objects = rows(demo, "customer_id", where)[0][0], rows(demo, "customer_id", where)[1][0]
    demo.execute(
        "insert into marts.fct_orders by name select $1 as customer_id, $2::timestamp as ordered_at, true as is_order",
        [ordered, UNTIL],
    )
    demo.execute("delete from marts.customer_profile where customer_id = $1", [objects])
    (again,) = predict(demo.cursor(), [leads(90)], SETTINGS, UNTIL + timedelta(days=1))
    assert not again.is_fitted and {c for (c,) in rows(demo, "customer_id", where)} == people - {ordered, objects}
    # other days are another question
    (other,) = predict(demo, [leads(30)], SETTINGS, UNTIL + timedelta(days=1))
    assert other.is_fitted and rows(demo, "avg(value)", where)[0][0] > 0
    assert leads(30).scores[0].title == "chance of the first order or contract within 30 days"


def test_the_card_of_a_trained_score_says_what_a_reader_must_know_of_it(demo):
    predict(demo, [ANSWERS], SETTINGS, UNTIL)
    shown = show_score(demo, [ANSWERS], "answer_campaign", few=5)
    measured = sum(count for *_, count in shown.about.curve)
    assert measured > 1000 and f"{measured:,} customers" in shown.about.data[1]
    assert {row["column"] for row in shown.about.fairness} == {"gender", "age", "region"}
    assert {row["column"] for row in shown.groups} == {"gender", "age band", "region"}
    everybody = shown.listed.customers
    assert sum(row["customers"] for row in shown.groups if row["column"] == "gender") == everybody
    page = write_card(shown)
    for said in ("Data and period", "Learnt from", "past days", "Measured on", "<svg", "Most important columns", "direction (not a cause)",
                 "Groups on the measured past", "happened", "region 3", "female", "45 to 59", "Known limits"):  # fmt: skip
        assert said in page, said
    assert "http" not in page and "emails_90d" not in page
    # a company that shows no group of fewer than 700 has them together, and no group that is all but the others
    shown = show_score(demo, [ANSWERS], "answer_campaign", few=700)
    assert all(row["customers"] >= 700 for row in (*shown.about.fairness, *shown.groups)) and shown.groups


def test_without_an_order_or_contract_nobody_says_what_a_lead_does():
    con = demo_marts(300, 5, UNTIL)
    con.execute("delete from marts.fct_orders; delete from marts.fct_subscriptions")
    (told,) = predict(con, [leads(90)], SETTINGS, UNTIL)
    assert told.rows == 0 and "nothing to learn from" in str(told)


def test_few_subscribers_get_the_share_with_its_width_and_none_get_a_word(demo):
    con = demo_marts(300, 5, UNTIL)
    (told,) = predict(con, [CONTRACTS], SETTINGS, UNTIL)
    ((value, low, high),) = con.execute("select distinct value, lower, upper from scores.customer_scores").fetchall()
    assert told.rows > 0 and low < value < high and high - low > 0.1
    (counted, _) = show_score(con, [CONTRACTS], "churn_contract", few=5).about.data
    times, rows_learnt = map(int, re.findall(r"(\d+) times yes of (\d+),", counted)[0])
    assert times / rows_learnt == pytest.approx(value, abs=0.03), (
        "the share is of rows: a customer counts on each past day"
    )
    con.execute("delete from marts.fct_subscriptions")
    (told,) = predict(con, [CONTRACTS], SETTINGS, UNTIL)
    assert told.rows == 0 and "nothing to learn from" in str(told)
    assert con.execute("select count(*) from scores.customer_scores").fetchall() == [(0,)]
    # one who came lately: nobody of before is known
    con.execute(
        "delete from scores.score_models; insert into marts.fct_subscriptions by name "
        "select customer_id, $1::timestamp as started_at from marts.customer_profile limit 1",
        [UNTIL - timedelta(days=3)],
    )
    (told,) = predict(con, [CONTRACTS], SETTINGS, UNTIL)
    assert "nobody was there 90 days before" in told.why_not


def test_a_model_out_of_json_says_what_it_said_before():
    rng = np.random.default_rng(0)
    x, plan = rng.normal(size=600), rng.choice(["month", "year", ""], 600)
    x[:50] = np.nan
    label = (rng.random(600) < 1 / (1 + np.exp(-np.nan_to_num(x) - (plan == "month")))).astype(np.int8)
    values, kinds = {"x": x, "plan": plan}, {"x": NUMBER, "plan": CATEGORY}
    with single_threaded():
        found = fit(values, kinds, label)
        models = [fit_again(replace(found, kind=kind), values, kinds, label) for kind in (LOGISTIC, BOOSTING, BOTH)]
    for model in (*models, always(0.25)):
        again = restored(json.loads(json.dumps(kept(model))))
        assert again.kind == model.kind and np.allclose(again.predict(values), model.predict(values), atol=1e-9)
        assert kept(again) == kept(model)
