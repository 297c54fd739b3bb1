"""Who is moved by a campaign, by the night: only where somebody was held out at random, ranked only where that is better than chance."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.core.settings import ScoreSettings
from orchestration.prediction.classify.members import single_threaded
from orchestration.prediction.nightly.card import write_card
from orchestration.prediction.nightly.drift import FEATURE
from orchestration.prediction.nightly.listed import show_score
from orchestration.prediction.nightly.moved import CampaignLift
from orchestration.prediction.nightly.predict import predict
from orchestration.prediction.uplift.kept import kept_learner, restored_learner
from orchestration.prediction.uplift.learner import learn_lift
from orchestration.prediction.warehouse.arms import note_arms, note_export_arms
from orchestration.privacy.audit.exports import note_export
from orchestration.privacy.secrets.pepper import Pepper
from tests.bench.demo_marts import MARTS, demo_marts
from tests.bench.trained import UNTIL
from tests.unit.empty_tables import add_rows, empty_tables

SETTINGS = ScoreSettings()
NIGHT = datetime(2026, 6, 1)


def world(customers: int, campaigns: int, seed: int = 4, effect: float = 0.3) -> duckdb.DuckDBPyConnection:
    """Three tenths are held out of each campaign, two weeks apart. Only who came within 300 days is moved."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    empty_tables(con, *MARTS, "contact_permissions")
    rng = np.random.default_rng(seed)
    who = np.arange(customers)
    days_known = rng.integers(100, 800, customers)
    con.register("people", pa.table({"who": who, "days_known": days_known}))
    for table, columns in (
        ("customer_profile", ""),
        ("dim_customers", f", timestamp '{NIGHT}' - to_days(days_known::integer) as first_seen_at"),
        ("contact_permissions", ", 'email' as channel, 'newsletter' as purpose, true as is_permitted"),
    ):
        con.execute(f"insert into marts.{table} by name select 'c' || who as customer_id{columns} from people")
    for n in range(campaigns):
        sent_at = NIGHT - timedelta(days=14 * (n + 1) - 1, hours=-9)
        held = rng.random(customers) < 0.3
        is_new = days_known - 14 * (n + 1) < 300
        buys = rng.random(customers) < 0.05 + effect * (~held & is_new)
        con.register("sends", pa.table({"who": who, "held": held, "buys": buys}))
        _send(con, sent_at, f"k{n}")
    return con


def _send(con, sent_at: datetime, campaign: str) -> None:
    con.execute(
        "insert into marts.fct_email_events by name select 'mail' as source_system, $2 || '-' || who as source_key, 'c' || who as customer_id, "
        "$2 as campaign_key, if(held, 'held_out', 'sent') as kind, $1::timestamp as occurred_at from sends",
        [sent_at, campaign],
    )
    con.execute(
        "insert into marts.fct_orders by name select 'shop' as source_system, $2 || '-' || who as source_key, 'c' || who as customer_id, "
        "$1::timestamp + interval 1 day as ordered_at, true as is_order, true as is_sale from sends where buys",
        [sent_at, campaign],
    )


def measures(con) -> dict[str, float]:
    return dict(
        con.execute("select measure, value from scores.score_quality where score = 'uplift_campaign'").fetchall()
    )


@pytest.mark.parametrize(("campaigns", "customers"), [pytest.param(1, 6000, marks=pytest.mark.slow), (5, 2000)])
def test_who_is_moved_has_a_higher_score_with_an_interval_and_reasons(campaigns, customers):
    con = world(customers, campaigns)
    (told,) = predict(con, [CampaignLift(7)], SETTINGS, NIGHT)
    assert told.rows == customers and told.is_fitted and not told.held_back
    # what the ranking reads is compared with the night of the fit, as of every score
    assert {"days_known", "orders"} <= {one.name for one in told.drift if one.kind == FEATURE}
    found = measures(con)
    assert found["qini"] > 0 and found["mean_lift_low"] < found["mean_lift"] < found["mean_lift_high"]
    new, old = (
        con.execute(
            "select avg(value), bool_and(lower <= value and value <= upper) from scores.customer_scores join marts.dim_customers using (customer_id) "
            f"where first_seen_at {side} $1",
            [NIGHT - timedelta(days=300)],
        ).fetchall()[0]
        for side in (">", "<")
    )
    assert new[0] > old[0] + 0.1 and new[1] and old[1]
    page = write_card(show_score(con, [CampaignLift(7)], "uplift_campaign", few=10))
    assert "held out" in page and "where chance decided" in page and "not what a campaign would change" not in page
    reasons = [r for (r,) in con.execute("select reasons from scores.customer_scores where reasons <> ''").fetchall()]
    assert len(reasons) > told.rows / 2 and any("first seen" in r for r in reasons)


@pytest.mark.slow
def test_where_all_are_moved_alike_everybody_has_the_mean_lift():
    con = demo_marts(2000, 5, UNTIL)
    empty_tables(con, "contact_permissions")
    con.execute(
        "insert into marts.contact_permissions by name select customer_id, 'email' as channel, 'newsletter' as purpose, true as is_permitted from marts.customer_profile"
    )
    (told,) = predict(con, [CampaignLift(7)], SETTINGS, UNTIL)
    found = measures(con)
    assert told.rows == 2000 and not told.held_back and found["held_out"] > 1000
    assert found["mean_lift_low"] < 0.012 * 0.6 < found["mean_lift_high"]
    values = con.execute("select distinct value, lower, upper, reasons from scores.customer_scores").fetchall()
    assert found["qini"] == 0 and len(values) == 1 and values[0][1] < values[0][0] < values[0][2]
    (again,) = predict(con.cursor(), [CampaignLift(7)], SETTINGS, UNTIL + timedelta(days=1))
    assert again.version == told.version and again.rows == told.rows


def test_without_a_hold_out_there_is_no_score_and_it_is_told():
    con = world(500, 2)
    con.execute("delete from marts.fct_email_events where kind = 'held_out'")
    (told,) = predict(con, [CampaignLift(7)], SETTINGS, NIGHT)
    assert told.rows == 0 and "has a hold-out" in told.why_not
    # nor while its outcome is not known yet
    con = world(500, 1)
    (told,) = predict(con, [CampaignLift(30)], SETTINGS, NIGHT)
    assert told.rows == 0 and "whose outcome is known" in told.why_not


def test_who_was_in_both_arms_or_may_not_be_profiled_is_in_none():
    con = world(200, 1)
    held, sent = (
        con.execute(f"select min(customer_id) from marts.fct_email_events where kind = '{kind}'").fetchall()[0][0]
        for kind in ("held_out", "sent")
    )
    at = con.execute("select max(occurred_at) from marts.fct_email_events").fetchall()[0][0]
    mail = {"source_system": "mail", "campaign_key": "k0", "occurred_at": at + timedelta(days=2)}
    add_rows(con, "marts.fct_email_events", mail | {"customer_id": held, "kind": "sent"})
    # what is sent to all has no arms
    add_rows(con, "marts.fct_email_events", mail | {"customer_id": sent, "kind": "sent", "campaign_key": "of all"})
    note_arms(con, NIGHT)
    assert con.execute("select count(*), count(distinct sent_at) from campaign_arms").fetchall() == [(199, 1)]
    assert con.execute("from campaign_arms where customer_id = $1", [held]).fetchall() == []
    # of what was sent later, nothing is known
    note_arms(con, at)
    assert con.execute("select count(*) from campaign_arms").fetchall() == [(0,)]


def test_the_days_of_a_lot_are_those_of_everybody_who_was_written_to():
    """As in the mart (campaign_results): also of who may not be profiled."""
    con = world(200, 1)
    con.execute(
        "update marts.fct_email_events set occurred_at = occurred_at + interval 1 day where hash(customer_id) % 2 = 0"
    )
    lots = "select count(distinct lot), count(distinct sent_at) from campaign_arms"
    note_arms(con, NIGHT)
    assert con.execute(lots).fetchall() == [(1, 1)]
    at = con.execute("select min(occurred_at) from marts.fct_email_events").fetchall()[0][0]
    mail = {"source_system": "mail", "campaign_key": "k0", "customer_id": "of no profile", "kind": "sent"}
    add_rows(con, "marts.fct_email_events", mail | {"occurred_at": at - timedelta(days=20)})
    note_arms(con, NIGHT)
    assert con.execute(lots).fetchall() == [(2, 2)]
    assert con.execute("from campaign_arms where customer_id = 'of no profile'").fetchall() == []


def test_exports_that_held_customers_out_are_arms_by_todays_ids():
    pepper = Pepper(("p" * 40,))
    con = world(4, 0)
    empty_tables(con, "customer_id_redirects")
    con.execute("create schema reference; create table reference.audience_rules (audience varchar, channel varchar)")
    con.execute("insert into reference.audience_rules values ('news', 'email'), ('letter', 'post')")
    note_export_arms(con, ())
    assert con.execute("from export_arms").fetchall() == [], "no pepper is asked for"
    at = NIGHT - timedelta(days=20, hours=3)
    note_export(con, pepper, "audience news", ["c0", "old"], at, held_out=["c2", "gone"])
    note_export(con, pepper, "audience letter", ["c0"], at, held_out=["c3"])
    note_export(con, pepper, "audience news", ["c3"], at)
    con.execute("insert into marts.customer_id_redirects by name select 'old' as old_customer_id, 'c1' as customer_id")
    note_export_arms(con, pepper.secrets)
    day = at.replace(hour=0)
    expected = [("c0", day, False), ("c1", day, False), ("c2", day, True)]
    assert (
        con.execute("select * exclude (lot, campaign_key, said_at) from export_arms order by 1").fetchall() == expected
    )
    note_arms(con, NIGHT)
    assert con.execute("select customer_id, sent_at, is_held_out from campaign_arms order by 1").fetchall() == expected


def test_a_learner_out_of_json_says_what_it_said_before():
    rng = np.random.default_rng(0)
    x = rng.normal(size=3000)
    x[:100] = np.nan
    treated = rng.random(3000) < 0.5
    outcome = (rng.random(3000) < 0.2 + 0.3 * treated * (np.nan_to_num(x) > 0)).astype(float)
    with single_threaded():
        learner = learn_lift({"x": x}, {"x": "number"}, treated, outcome)
    again = restored_learner(json.loads(json.dumps(kept_learner(learner))))
    assert (
        np.allclose(again.predict({"x": x}), learner.predict({"x": x}), atol=1e-9)
        and np.ptp(again.predict({"x": x})) > 0.1
    )
    assert kept_learner(again) == kept_learner(learner)
