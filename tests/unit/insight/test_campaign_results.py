"""`kundbild campaigns results`: each campaign against whom its own lot held out, of whom may be profiled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestration.core.errors import KundbildError
from orchestration.insight.campaign_results import Result, campaign_results
from orchestration.prediction.warehouse.arms import ARMS, drawn_by_lot, lots_of_arms, note_arms
from tests.unit.empty_tables import add_rows, empty_tables
from tests.unit.prediction.test_nightly_uplift import NIGHT, world


def results(con, days: int, campaign: str | None = None) -> list[Result]:
    found = campaign_results(con, (), days, 5, campaign)
    assert not found.few
    return found.told


@pytest.fixture
def told():
    con = world(2000, 2)
    empty_tables(con, "conformed_campaigns")
    for key, name in (("k0", " "), ("k1", "May letter")):
        add_rows(con, "conformed.conformed_campaigns", {"source_system": "mail", "source_key": key, "name": name})
    con.execute("update marts.fct_orders set is_sale = true")
    con.execute("create schema ops; create table ops.clock as select $1::timestamp as as_of", [NIGHT])
    return con


def test_each_campaign_is_compared_with_whom_its_lot_held_out(told):
    latest, first = results(told, 7)
    assert (latest.campaign, first.campaign, first.campaign_key) == ("k0", "May letter", "k1")
    assert latest.sent_at - first.sent_at == timedelta(days=14)
    counted = told.execute(
        "select count(*) filter (kind = 'sent'), count(*) filter (kind = 'held_out') from marts.fct_email_events where campaign_key = 'k1'"
    ).fetchall()
    assert counted == [(first.treated.customers, first.control.customers)]
    # less than three tenths of all are moved, by 30 percentage points
    assert first.control.value == pytest.approx(0.05, abs=0.03) and first.treated.lift_low > 0
    assert first.treated.p_value < 0.001 and 0 < first.treated.minimum_detectable_effect < 0.06
    assert results(told, 7, "May letter") == results(told, 7, "k1") == [first]


def test_the_score_of_who_is_moved_learns_from_what_is_counted_here(told):
    """Not from orders of which nothing was kept, nor of before the first message."""
    first = told.execute("select min(occurred_at) from marts.fct_email_events where campaign_key = 'k0'").fetchall()[0][
        0
    ]
    of_all = results(told, 7)[0]
    told.execute("update marts.fct_orders set is_sale = false where hash(customer_id) % 5 = 0")
    told.execute(
        "update marts.fct_orders set ordered_at = $1 where hash(customer_id) % 5 = 1 and ordered_at > $1",
        [first - timedelta(hours=1)],
    )
    counted = results(told, 7)[0]
    note_arms(told, NIGHT)
    rows = drawn_by_lot(told, ARMS, lots_of_arms(told, NIGHT, days=7, fewest=20, most=1), days=7)
    for arm, whole, is_in in (
        (counted.treated, of_all.treated, rows.is_treated),
        (counted.control, of_all.control, ~rows.is_treated),
    ):
        assert (int(is_in.sum()), rows.outcome[is_in].mean()) == (arm.customers, pytest.approx(arm.value))
        assert 0 < arm.value < whole.value


def test_who_may_not_be_profiled_is_in_no_figure(told):
    before = results(told, 7)[0]
    told.execute("delete from marts.customer_profile where hash(customer_id) % 2 = 0")
    after = results(told, 7)[0]
    assert 0.4 < after.treated.customers / before.treated.customers < 0.6


def test_what_cannot_be_measured_is_told(told):
    with pytest.raises(KundbildError, match="nobody was held out of a campaign April"):
        results(told, 7, "April")
    day = told.execute("select date_diff('day', max(occurred_at), $1) from marts.fct_email_events", [NIGHT]).fetchall()[
        0
    ][0]
    with pytest.raises(KundbildError, match=f"k0 was sent less than {day + 1} days ago"):
        results(told, day + 1, "k0")
    # the answers to the latest campaign are not known within 30 days yet
    with pytest.raises(KundbildError, match="no campaign that was sent 30 days ago or longer"):
        results(told, 30)
    told.execute("delete from ops.clock")
    with pytest.raises(KundbildError, match="no night"):
        results(told, 7)


def test_a_campaign_whose_hold_out_is_small_is_told_so(told):
    told.execute(
        "delete from marts.customer_profile where customer_id in (select customer_id from marts.fct_email_events "
        "where campaign_key = 'k1' and kind = 'held_out' order by customer_id offset 17)"
    )
    with pytest.raises(KundbildError, match="fewer than 20 customers who may be profiled were held out of May letter"):
        results(told, 7, "May letter")
