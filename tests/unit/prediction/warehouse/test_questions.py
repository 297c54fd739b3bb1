"""Who is asked about on a past day, and whether it happened within the days after."""

from __future__ import annotations

from datetime import timedelta

from orchestration.prediction.warehouse.known import prepare_past
from orchestration.prediction.warehouse.past import (
    CAMPAIGN_IS_ANSWERED,
    CONTRACT_ENDS,
    asked,
    lead_converts,
    past_days,
    prepare_question,
)
from tests.unit.empty_tables import add_rows
from tests.unit.prediction.warehouse.days import AFTER, BEFORE, DAY, subscribed


def test_the_answer_is_of_the_days_after(con):
    def label(**columns) -> bool:
        con.execute("delete from marts.fct_subscriptions")
        subscribed(con, started_at=DAY - timedelta(days=100), **columns)
        prepare_past(con, DAY)
        asked(con, CONTRACT_ENDS, DAY)
        found = con.execute("select label from wanted").fetchall()
        return found[0][0] if found else None

    assert label() is False and label(cancelled_at=DAY + timedelta(days=89)) is True
    assert label(cancelled_at=DAY + timedelta(days=90)) is False
    # whoever has left is not asked about any more
    assert label(cancelled_at=BEFORE) is None


def test_a_recipient_answers_by_a_click_within_a_week(con):
    for customer, clicked in (("c1", 6), ("c2", 3)):
        for kind, days in (("sent", 0), ("clicked", clicked)):
            at = DAY + timedelta(days=days, hours=9)
            add_rows(
                con,
                "marts.fct_email_events",
                {
                    "source_system": "mail",
                    "customer_id": customer,
                    "kind": kind,
                    "campaign_key": "k",
                    "occurred_at": at,
                },
            )
    prepare_past(con, DAY)
    assert asked(con, CAMPAIGN_IS_ANSWERED, DAY) == 1, "who refused profiling is not asked about"
    assert con.execute("from wanted").fetchall() == [("c1", True)]
    con.execute("update marts.fct_email_events set occurred_at = occurred_at + interval 2 day where kind = 'clicked'")
    prepare_past(con, DAY)
    asked(con, CAMPAIGN_IS_ANSWERED, DAY)
    assert con.execute("select label from wanted").fetchall() == [(False,)]


def test_a_lead_has_neither_ordered_nor_had_a_contract_on_the_day(con):
    con.execute("delete from marts.fct_subscriptions")

    def label() -> bool | None:
        prepare_past(con, DAY)
        prepare_question(con, lead_converts(90))
        asked(con, lead_converts(90), DAY)
        found = con.execute("from wanted").fetchall()
        assert {customer for customer, _ in found} <= {"c1"}, "who refused profiling is not asked about"
        return found[0][1] if found else None

    def ordered(at, *, is_order=True):
        add_rows(con, "marts.fct_orders", {"customer_id": "c1", "ordered_at": at, "is_order": is_order})

    assert label() is False
    ordered(DAY + timedelta(days=90))
    assert label() is False
    ordered(DAY - timedelta(days=1), is_order=False)  # a credit note, or an order that was cancelled
    assert label() is False
    subscribed(con, started_at=DAY + timedelta(days=89))
    assert label() is True
    ordered(BEFORE)
    assert label() is None
    con.execute("delete from marts.fct_orders")
    subscribed(con, started_at=BEFORE, cancelled_at=BEFORE + timedelta(days=1))
    assert label() is None
    con.execute("delete from marts.fct_subscriptions")
    ordered(AFTER)
    assert label() is True
    # who comes later, or nobody knows when, was not there
    for first_seen_at in (AFTER, None):
        con.execute("update marts.dim_customers set first_seen_at = $1", [first_seen_at])
        assert label() is None


def test_before_the_first_order_that_is_known_nobody_can_tell_who_is_a_lead(con):
    con.execute("delete from marts.fct_subscriptions")
    con.execute("update marts.dim_customers set first_seen_at = timestamp '2001-01-01'")
    add_rows(con, "marts.fct_orders", {"customer_id": "c2", "ordered_at": DAY - timedelta(days=40), "is_order": True})
    days = past_days(con, lead_converts(90), DAY + timedelta(days=90))
    assert days == [DAY, DAY - timedelta(days=30)]
