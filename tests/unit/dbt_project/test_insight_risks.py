"""Signals of risk: each with its reason, on the threshold and beside it; none of who may not be profiled."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import NOT_PROFILED, Marts, order


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, ("risk_signals", "bi_risk_signals", "customer_profile"))


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, ("customer_360", "conformed_invoices", "customer_shared_points"))


def customers(marts: Marts, *rows: dict) -> None:
    marts.add("marts.customer_360", *rows)
    marts.knows(*(row["customer_id"] for row in rows))
    for row in rows:
        marts.add(
            "marts.bridge_customer_source_records",
            {"customer_id": row["customer_id"], "source_system": "crm", "source_key": row["customer_id"]},
        )


def test_nobody_is_a_risk_without_a_reason(marts):
    customers(
        marts,
        {"customer_id": "c1", "order_count": 0},
        {"customer_id": "c2", "order_count": 9, "refunded_share": 0.49},
        {"customer_id": "c3", "order_count": 4, "refunded_share": 1.0},
    )
    assert marts.rows("risk_signals") == []


@pytest.mark.parametrize("why", NOT_PROFILED)
def test_rule_19_returns_on_the_threshold_are_told_but_not_of_who_may_not_be_profiled(marts, why):
    customers(marts, *({"customer_id": f"c{n}", "order_count": 5, "refunded_share": 0.5} for n in range(3)))
    marts.hides("c1", why)
    found = marts.by("risk_signals", "customer_id")
    assert set(found) == {"c0", "c2"}
    assert (found["c0"]["signal"], found["c0"]["reason"]) == ("returns", "gave back 50 % of the value of 5 orders")


def test_a_register_that_closes_a_channel_is_no_word_against_profiling(marts):
    """Else whoever stands in a register would be in no segment, score or signal."""
    customers(marts, *({"customer_id": f"c{n}", "order_count": 5, "refunded_share": 0.5} for n in range(2)))
    said = {"purpose": "profiling", "channel": "phone", "is_permitted": False}
    marts.add(
        "marts.contact_permissions",
        *(said | {"customer_id": f"c{n}", "reason_code": code} for n, code in enumerate(("reserved", "withdrawn"))),
    )
    assert [row["customer_id"] for row in marts.rows("risk_signals")] == ["c0"]


def test_invoices_are_overdue_after_thirty_days(marts):
    """As of 2026-06-01. A payment that the source dates after the night has not been made."""
    customers(marts, *({"customer_id": f"c{n}"} for n in range(5)))
    invoice = {"source_system": "erp", "person_system": "crm", "amount": 100, "due_on": date(2026, 5, 1)}
    rows = [
        {"person_key": "c0", "due_on": date(2026, 5, 2)}, {"person_key": "c1"}, {"person_key": "c1", "due_on": date(2026, 4, 1)},
        {"person_key": "c1", "paid_at": datetime(2026, 6, 3)},
        {"person_key": "c2", "paid_at": datetime(2026, 5, 30)}, {"person_key": "c3", "amount": -100}, {"person_key": "c4", "deleted_at": datetime(2026, 5, 30)},
    ]  # fmt: skip
    marts.add("conformed.conformed_invoices", *(invoice | {"source_key": str(n)} | row for n, row in enumerate(rows)))
    (row,) = marts.rows("risk_signals")
    assert (row["customer_id"], row["observed"]) == ("c1", 3)
    assert row["reason"] == "3 invoices are not paid, the oldest 61 days after it was due"


def test_many_more_orders_than_in_a_usual_week_are_sudden(marts):
    customers(marts, *({"customer_id": c} for c in ("often", "sudden", "new", "few")))
    now = datetime(2026, 6, 1)
    orders = {
        "often": [1] * 9 + [20 + n for n in range(52)],
        "sudden": [2] * 5 + [20 + n for n in range(26)],
        "new": [3] * 5,
        "few": [1] * 4,
    }
    marts.add(
        "marts.fct_orders",
        *(
            order(f"{c}{n}", c, str(now - timedelta(days=ago)))
            for c, days in orders.items()
            for n, ago in enumerate(days)
        ),
    )
    found = marts.by("risk_signals", "customer_id")
    assert {c: row["reason"] for c, row in found.items()} == {
        "sudden": "5 orders in 7 days; 1.0 a week in the half year before",
        "new": "5 orders in 7 days; 0.0 a week in the half year before",
    }


def test_what_three_of_other_households_have_too_is_shared(marts):
    customers(marts, *({"customer_id": c} for c in ("c2", "c3", "dead")))
    marts.hides("dead", "dead")
    told = {"shared_points": "email address, phone number"}
    marts.add(
        "marts.customer_shared_points",
        *(told | {"customer_id": c, "sharing_customer_count": n} for c, n in (("c2", 2), ("c3", 3), ("dead", 9))),
    )
    (row,) = marts.rows("risk_signals")
    assert (row["customer_id"], row["signal"], row["observed"], row["threshold"]) == ("c3", "shared identifiers", 3, 3)
    assert row["reason"] == "shares email address, phone number with 3 customers of other households"


def test_analysts_see_rounded_counts(marts):
    customers(marts, *({"customer_id": f"c{n}", "order_count": 5, "refunded_share": 0.9} for n in range(7)))
    marts.build("risk_signals")
    assert marts.rows("bi_risk_signals") == [{"signal": "returns", "customer_count": 5}]
    marts.con.execute("delete from insight.risk_signals where customer_id > 'c3'")
    assert marts.rows("bi_risk_signals") == [{"signal": "returns", "customer_count": None}]
