"""When a night fits a score anew: once an answer is known that was not, though nothing was sent, sold or begun since."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import numpy as np
import pytest

from orchestration.core.settings import ScoreSettings
from orchestration.prediction.nightly.moved import CampaignLift
from orchestration.prediction.nightly.predict import predict
from orchestration.prediction.nightly.trained import ANSWERS, CONTRACTS, leads
from tests.bench.demo_marts import MARTS
from tests.unit.empty_tables import add_rows, empty_tables
from tests.unit.prediction.test_nightly_uplift import NIGHT, measures, world
from tests.unit.prediction.test_nightly_uplift_lots import campaign

SETTINGS = ScoreSettings()


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    empty_tables(con, *MARTS, "contact_permissions")
    people = [{"customer_id": f"c{n}"} for n in range(4)]
    add_rows(con, "marts.customer_profile", *people)
    first = {"first_seen_at": NIGHT - timedelta(days=500)}
    add_rows(con, "marts.dim_customers", *(one | first for one in people))
    return con


def subscription(con: duckdb.DuckDBPyConnection, who: str, ends: datetime | None) -> None:
    told = {"customer_id": who, "started_at": NIGHT - timedelta(days=300), "cancelled_at": ends}
    add_rows(con, "marts.fct_subscriptions", told)


def email(con: duckdb.DuckDBPyConnection, who: str, kind: str, at: datetime) -> None:
    mail = {"source_system": "mail", "campaign_key": "k", "customer_id": who, "kind": kind, "occurred_at": at}
    add_rows(con, "marts.fct_email_events", mail)


def test_a_campaign_teaches_its_lift_once_its_outcome_is_known():
    rng = np.random.default_rng(5)
    con = world(400, 0)
    for name, days_ago in (("a", 60), ("b", 3)):
        campaign(con, name, days_ago, np.arange(400), rng.random(400) < 0.5, rng.random(400) < 0.2)
    predict(con, [CampaignLift(30)], SETTINGS, NIGHT)
    assert measures(con)["campaigns"] == 1
    assert not predict(con, [CampaignLift(30)], SETTINGS, NIGHT + timedelta(days=9))[0].is_fitted
    (told,) = predict(con, [CampaignLift(30)], SETTINGS, NIGHT + timedelta(days=40))
    assert told.is_fitted
    assert con.execute(
        "select max(value) from scores.score_quality where measure = 'campaigns' and version = $1", [told.version]
    ).fetchall() == [(2.0,)]


def test_whoever_objects_leaves_the_fit_of_lifts_when_it_is_old():
    rng = np.random.default_rng(5)
    con = world(400, 0)
    campaign(con, "a", 60, np.arange(400), rng.random(400) < 0.5, rng.random(400) < 0.2)
    predict(con, [CampaignLift(30)], SETTINGS, NIGHT)
    con.execute("delete from marts.customer_profile where customer_id = 'c7'")
    assert predict(con, [CampaignLift(30)], SETTINGS, NIGHT + timedelta(days=8))[0].is_fitted


def test_clicks_after_the_night_of_a_campaign_make_its_fit_due(marts):
    email(marts, "c0", "sent", NIGHT - timedelta(days=1))
    first = ANSWERS.inputs(marts, NIGHT)
    email(marts, "c0", "clicked", NIGHT + timedelta(days=1))
    clicked = ANSWERS.inputs(marts, NIGHT + timedelta(days=3))
    # nor need anybody have clicked
    known = ANSWERS.inputs(marts, NIGHT + timedelta(days=30))
    assert len({first, clicked, known}) == 3


def test_days_on_which_no_lead_buys_make_their_fit_due(marts):
    add_rows(
        marts, "marts.fct_orders", {"customer_id": "c0", "ordered_at": NIGHT - timedelta(days=400), "is_order": True}
    )
    assert leads(90).inputs(marts, NIGHT) != leads(90).inputs(marts, NIGHT + timedelta(days=400))


def test_a_notice_for_a_far_day_freezes_no_fit(marts):
    subscription(marts, "c0", datetime(2027, 12, 31))
    subscription(marts, "c1", NIGHT + timedelta(days=5))
    seen = {CONTRACTS.inputs(marts, NIGHT + timedelta(days=days)) for days in (0, 10, 20)}
    assert len(seen) == 3


def test_without_anything_there_is_nothing_to_learn_from(marts):
    assert {one.inputs(marts, NIGHT) for one in (ANSWERS, CONTRACTS, leads(90))} == {""}
    # a click alone, as of a campaign whose messages are not told, is no campaign
    email(marts, "c0", "clicked", NIGHT - timedelta(days=1))
    assert ANSWERS.inputs(marts, NIGHT) == ""
