"""What several questions tell together is of no few people either: parts of a dimension, periods, and other breakdowns."""

from __future__ import annotations

from itertools import combinations

import pytest

from orchestration.metrics.answer import answer
from tests.unit.metrics.conftest import publish
from tests.unit.metrics.test_told_people import CUSTOMERS as TWENTY
from tests.unit.metrics.test_told_people import SESSIONS, TICKETS

# people of a county; two of Oslo are a few, and Bergen goes with them
COUNTIES = {("NO", "Oslo"): 2, ("NO", "Viken"): 30, ("SE", "Skåne"): 9, ("SE", "Uppland"): 40, ("SE", "Dalarna"): 12}
CUSTOMERS = """insert into bi.dim_customers by name select '{1}' || n as customer_key, '{0}' as country_code, '{1}' as county, 'SEK' as currency
from range({2}) r(n);"""
# one order for each customer of a day
ORDERS = """insert into bi.fct_orders by name select 'c{0}{1}' || n as customer_key, 's' as source_system, '{0}{1}' || n as source_key,
timestamp '{0}' as ordered_at, true as is_order, {2} as refunded_amount, '{1}' as channel from range({3}) r(n);"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    return tmp_path


def orders(*days: tuple[str, int], channel: str = "web", refunded: str = "0") -> str:
    return "".join(ORDERS.format(day, channel, refunded, people) for day, people in days)


def counted(metric: str = "orders", **how) -> int | None:
    """The only number of an answer, or None where it is hidden."""
    found = answer([metric], **how).rows
    return found[0][metric] if found else None


def test_two_sets_of_values_never_differ_by_few(home):
    publish(home, "one", "".join(CUSTOMERS.format(*place, people) for place, people in COUNTIES.items()))
    names = [county for _, county in COUNTIES]
    told = {}
    # by those who are chosen, or by those who are not: every set once
    for size in range(3, len(names)):
        for chosen in combinations(names, size):
            told[frozenset(chosen)] = counted("customers", where=[f"county={','.join(chosen)}"])
            told[frozenset(names) - set(chosen)] = counted("customers", where=[f"county!={','.join(chosen)}"])
    told[frozenset(names)] = counted("customers")
    shown = {chosen: people for chosen, people in told.items() if people}
    assert shown[frozenset(names)] == 93 and len(shown) > 3
    assert not [
        (one, other)
        for one in shown
        for other in shown
        if other < one and shown[one] - shown[other] == COUNTIES["NO", "Oslo"]
    ]


def test_the_group_that_hides_a_small_one_is_not_told_by_a_condition(home):
    publish(home, "one", "".join(CUSTOMERS.format(*place, people) for place, people in COUNTIES.items()))
    hidden = {county for _, county in COUNTIES} - {row["county"] for row in answer(["customers"], by=["county"]).rows}
    assert len(hidden) > 1
    for county in hidden:
        assert counted("customers", where=[f"county={county}"]) is None
    assert counted("customers", where=["county=Uppland"]) == 40


def test_what_hides_a_small_group_lies_within_the_same_larger_one(home):
    publish(home, "one", "".join(CUSTOMERS.format(*place, people) for place, people in COUNTIES.items()))
    # Skåne is smaller than Viken, but all of Norway less Viken would tell of Oslo
    assert {row["county"] for row in answer(["customers"], by=["county"]).rows} == {"Skåne", "Uppland", "Dalarna"}


def test_two_periods_never_differ_by_few(home):
    publish(
        home,
        "one",
        orders(("2025-01-05", 20), ("2025-01-20", 30), ("2025-01-31", 2), ("2025-02-03", 25), ("2025-02-20", 9)),
    )
    assert counted(first="2025-01-01", last="2025-01-31") == 52
    assert counted(first="2025-01-01", last="2025-01-30") is None
    assert counted(last="2025-01-30") is None and counted(first="2025-01-31") is None
    assert counted(first="2025-01-20", last="2025-01-20") == 30
    found = answer(["orders"], by=["channel"], first="2025-01-01", last="2025-01-30")
    assert found.rows == [] and found.hidden == 1 and "whole months" in " ".join(found.told)


def test_a_day_of_few_is_told_by_no_total_of_its_week_or_month(home):
    # the smallest other day is of another month
    publish(home, "one", orders(("2025-01-05", 20), ("2025-01-20", 30), ("2025-01-31", 2), ("2025-02-03", 9)))
    days = {row["day"] for row in answer(["orders"], grain="day").rows}
    assert "2025-01-31" not in days and len(days & {"2025-01-05", "2025-01-20"}) == 1
    assert [row["orders"] for row in answer(["orders"], grain="month").rows] == [52, 9]


def test_another_metric_beside_changes_nothing_that_is_hidden(home):
    # few by phone; in the store more than by mail have a refund
    publish(
        home,
        "one",
        orders(("2025-01-05", 2), channel="phone"),
        orders(("2025-01-05", 10), channel="store", refunded="1"),
        orders(("2025-01-05", 20), channel="mail", refunded="if(n < 6, 1, 0)"),
        orders(("2025-01-05", 40), channel="web", refunded="1"),
    )
    alone = {row["channel"] for row in answer(["orders"], by=["channel"]).rows}
    beside = {row["channel"] for row in answer(["orders", "refunded_revenue"], by=["channel"]).rows}
    assert alone == {"mail", "web"} and beside < alone


def test_an_open_or_finished_period_is_asked_as_a_whole(home):
    publish(
        home, "20250302T010000-x", orders(("2025-01-05", 20), ("2025-01-31", 2), ("2025-02-03", 25), ("2025-02-04", 3))
    )
    assert counted(first="2025-02-01", last="2025-03-02") == counted(first="2025-02-01") == 28


@pytest.mark.parametrize(
    ("whole", "part", "least"),
    [
        ("customers", "customers_with_orders", 0),
        ("customers_with_orders", "repeat_customers", 1),
        ("ticket_customers", "replied_customers", 2),
        ("sessions", "converted_sessions", 2),
        ("visitors", "bounced_visitors", 2),
    ],
)
def test_a_part_is_not_told_where_few_are_not_in_it_however_it_is_asked(home, whole, part, least):
    publish(
        home,
        "one",
        TWENTY.format(orders=f"if(n = 0, {least}, 2)", is_active="n > 9"),
        TICKETS,
        SESSIONS,
    )
    assert counted(whole) and counted(part) is None
