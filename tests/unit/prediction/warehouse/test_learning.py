"""Models of past days: cut by time, near what the demo's makers know, and honest where few are there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestration.prediction.classify.predictions import MODEL
from orchestration.prediction.warehouse.learning import learn
from orchestration.prediction.warehouse.past import CAMPAIGN_IS_ANSWERED, CONTRACT_ENDS
from tests.bench.demo_marts import demo_marts
from tests.bench.leads import best_lead_scores, learnt_by_visits
from tests.bench.trained import UNTIL, best_churn_scores, share_of_reachable


@pytest.fixture(scope="module")
def demo():
    """Subscriptions and their use, and nothing else. Of 12,000 people too few have one to learn it: .83 of what is reachable."""
    con = demo_marts(40_000, 5, UNTIL)
    for table in (
        "fct_orders",
        "fct_web_sessions",
        "fct_email_events",
        "fct_carts",
        "fct_tickets",
        "fct_survey_responses",
    ):
        con.execute(f"delete from marts.{table}")
    return con


@pytest.mark.slow
def test_contracts_that_end_are_told_near_the_best_possible_score(demo):
    found = learn(demo, CONTRACT_ENDS, UNTIL, label="contract ends")
    evaluation = found.evaluation
    assert found.days[0] == UNTIL - timedelta(days=90) and evaluation.test.name == "2026-03-03"
    # the latest day that is learnt from ends where the measured one begins
    assert evaluation.train.name.endswith("to 2025-12-03") and evaluation.train.rows > 5 * evaluation.test.rows
    assert share_of_reachable(evaluation.predicted.scores[MODEL][0], best_churn_scores(demo, found.days[0])) > 0.95
    assert {"uses_30d", "days_since_last_use"} & {one["column"] for one in evaluation.important[:6]}
    assert {g["column"] for g in evaluation.fairness} == {"age", "gender", "region"}
    assert {"age", "gender", "region"} <= set(evaluation.columns_left_out)
    assert found.rate.low < found.rate.value < found.rate.high and found.rate.value == pytest.approx(0.235, abs=0.02)
    # those who object are gone from the next one
    demo.execute("delete from marts.customer_profile where hash(customer_id) % 150 <> 0")
    few = learn(demo, CONTRACT_ENDS, UNTIL, label="contract ends")
    assert few.is_base_rate and few.evaluation is None and 0 < few.rate.customers < 60
    assert few.rate.low < few.rate.value < few.rate.high and few.rate.high - few.rate.low > 0.15
    demo.execute("delete from marts.customer_profile")
    assert (
        learn(demo, CONTRACT_ENDS, UNTIL, label="contract ends") == "nobody who may be profiled was there to learn from"
    )


def test_without_subscriptions_nothing_is_learnt_and_it_is_told():
    con = demo_marts(200, 5, UNTIL)
    con.execute("delete from marts.fct_subscriptions")
    assert (
        learn(con, CONTRACT_ENDS, UNTIL, label="contract ends")
        == "nobody was there 90 days before 2026-06-01 to learn from"
    )


@pytest.mark.slow
def test_leads_that_become_customers_are_told_near_the_best_possible_score():
    """Visits of the web site, and nothing else, tell who orders."""
    con, found = learnt_by_visits(12_000)
    evaluation = found.evaluation
    assert found.days[0] == UNTIL - timedelta(days=90) and evaluation.train.name.endswith("to 2025-12-03")
    score, best = evaluation.predicted.scores[MODEL][0], best_lead_scores(con, found.days[0], 90)
    assert abs(best.mean() - evaluation.predicted.label.mean()) < 0.02, "the truth is calibrated"
    assert share_of_reachable(score, best) > 0.95
    assert evaluation.quality[MODEL]["calibration_error"].value < 0.02
    assert {"visits_90d", "days_known", "days_since_last_visit"} & {one["column"] for one in evaluation.important[:4]}
    assert "orders" not in evaluation.predicted.values


def test_the_share_of_yes_is_as_sure_as_there_are_customers_not_days():
    """Three of thirty click on each of twelve campaigns: 36 of 360 rows, and no more is known than of thirty customers."""
    con = demo_marts(30, 5, UNTIL)
    con.execute("delete from marts.fct_email_events")
    for kind, who in (("sent", 30), ("clicked", 3)):
        con.execute(
            "insert into marts.fct_email_events by name select 'mail' as source_system, $1 || customer_id || '-' || n as source_key, customer_id, "
            "n::varchar as campaign_key, $1 as kind, $3::timestamp - to_days(10 * n) as occurred_at "
            "from marts.customer_profile, range(1, 13) r (n) where customer_id::int <= $2",
            [kind, who, UNTIL],
        )
    rate = learn(con, CAMPAIGN_IS_ANSWERED, UNTIL, label="campaign is answered").rate
    assert (rate.yes, rate.customers) == (36, 30) and rate.value == pytest.approx(0.1, abs=0.002)
    assert (rate.low, rate.high) == pytest.approx((0.029, 0.245), abs=0.01)
