"""What can be computed of an answer tells of no few people either."""

from __future__ import annotations

import pytest

from orchestration.contracts.metric_definitions import read_definitions
from orchestration.core.errors import KundbildError
from orchestration.metrics.answer import answer
from orchestration.metrics.told_people import rules_of
from tests.unit.metrics.conftest import publish

CUSTOMERS = """insert into bi.dim_customers by name
select 'c' || n as customer_key, 'SE' as country_code, 'SEK' as currency, 'lost now' as rfm_segment,
    {orders} as order_count, case when {is_active} then 'active' else 'lapsed' end as lifecycle_stage from range(20) r(n)"""
ORDERS = """insert into bi.fct_orders by name
select 'c' || n as customer_key, 's' as source_system, n::varchar as source_key, timestamp '2025-01-01' as ordered_at, true as is_order,
    'Store ' || (n // 20) as store, 100 as gross_amount, if(n in (3, 7), 10, 0) as refunded_amount, 100 - if(n in (3, 7), 10, 0) as net_amount
from range(40) r(n)"""
TICKETS = """insert into bi.fct_tickets by name
select 'c' || n as customer_key, 's' as source_system, n::varchar as source_key, timestamp '2025-01-01' as opened_at,
    if(n = 0, null, 2) as first_reply_hours, if(n = 1, null, 5) as satisfaction, if(n = 2, null, 9) as solution_hours from range(20) r(n)"""
SESSIONS = """insert into bi.fct_web_sessions by name
select 'c' || n as customer_key, 's' as source_system, n::varchar as source_key, timestamp '2025-01-01' as started_at,
    n > 1 as is_converted, n > 2 as is_bounce from range(20) r(n)"""
# two people are asked and do not answer
SURVEYS = """insert into bi.fct_survey_responses by name
select 'c' || n as customer_key, 's' as source_system, n::varchar as source_key, 'club' as survey, timestamp '2025-01-01' as sent_at,
    if(n < 2, null, timestamp '2025-01-01 12:00:00') as submitted_at, true as is_silence_told from range(20) r(n)"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    return tmp_path


def rules(*names: str) -> list[str]:
    known = read_definitions().metrics
    return rules_of([known[name] for name in names], known)


@pytest.mark.parametrize(
    ("orders", "is_active", "metrics"),
    [
        ("if(n = 0, 1, 2)", "n > 9", ["customers_with_orders", "repeat_customers"]),
        ("if(n = 0, 1, 2)", "n > 9", ["customers_with_orders", "repeat_purchase_rate"]),
        ("if(n = 0, 1, 2)", "n > 9", ["customers", "repeat_customers"]),
        ("if(n = 0, 0, 2)", "n > 9", ["customers", "customers_with_orders"]),
        ("if(n = 0, 0, 2)", "n > 9", ["new_customers", "customers_with_orders"]),
        ("2", "n > 0", ["customers_with_orders", "active_customers"]),
        ("2", "n > 0", ["customers", "active_customers"]),
    ],
)
def test_a_count_less_a_part_of_it_tells_of_no_few_customers(home, orders, is_active, metrics):
    publish(home, "one", CUSTOMERS.format(orders=orders, is_active=is_active))
    assert answer(metrics, by=["country"]).rows == [] and answer(metrics).rows == []


@pytest.mark.parametrize(
    "metrics",
    [
        ["ticket_customers", "replied_customers"],
        ["ticket_customers", "rating_customers"],
        ["ticket_customers", "solved_customers"],
        ["surveys_sent", "surveys_answered"],
        ["surveys_sent", "survey_responses"],
        ["surveys_sent", "response_rate"],
        ["surveyed_people", "respondents"],
        ["sessions", "converted_sessions"],
        ["sessions", "bounce_rate"],
        ["visitors", "bounced_visitors"],
    ],
)
def test_a_count_less_a_part_of_it_tells_of_no_few_events(home, metrics):
    publish(home, "one", TICKETS, SESSIONS, SURVEYS)
    assert answer(metrics[:1]).rows and answer(metrics).rows == []


def test_every_count_that_is_part_of_another_is_judged_through_chains_too():
    assert "customers - repeat_customers" in rules("repeat_customers", "customers")
    assert "emails_delivered - emails_clicked" in rules("emails_delivered", "emails_clicked")
    assert "asked_customers - permitted_customers" in rules("permission_share")


def test_a_ratio_with_its_denominator_tells_of_no_few_refunds(home):
    publish(home, "one", ORDERS)
    asked = ["gross_revenue", "average_order_value", "orders"]
    assert answer(asked[1:], by=["store", "day"]).hidden == 0
    assert answer(asked, by=["store", "day"]).rows == []


def test_every_ratio_gives_what_it_is_made_of():
    for name, metric in read_definitions().metrics.items():
        if metric.ratio:
            for one, other in (metric.ratio, metric.ratio[::-1]):
                told = read_definitions().metrics[other].people
                assert set(told) <= set(rules(name, one)), f"{name} and {one} give {other}"


def test_each_condition_is_left_out_in_turn(home):
    orders = """insert into bi.fct_orders by name
    select 'c' || n as customer_key, 's' as source_system, n::varchar as source_key, timestamp '2025-01-01' as ordered_at, true as is_order,
        if(n < 20, 'web', 'phone') as channel, if(n in (0, 1) or n > 29, 'refunded', 'completed') as order_status from range(40) r(n)"""
    publish(home, "one", orders)
    # web less completed of web is two people, and so is all that was refunded less what was by phone
    assert answer(["orders"], where=["channel=web"]).rows == [{"orders": 20}]
    assert answer(["orders"], where=["channel=web", "order_status=completed"]).rows == []
    assert answer(["orders"], where=["channel=phone", "order_status=completed"]).rows == []


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("lifecycle_stage=nosuch", "there is no value of lifecycle_stage 'nosuch'"),
        ("lifecycle_stage=active,lapsd", "did you mean lapsed"),
        ("rfm_segment=Lost now", "did you mean lost now"),
        ("rfm_segment!=O'Hara {{ 1 }}", "values are lost now"),
    ],
)
@pytest.mark.parametrize("by", [[], ["country"]])
def test_a_value_that_nobody_has_is_an_error(home, condition, told, by):
    publish(home, "one", CUSTOMERS.format(orders="2", is_active="n > 9"))
    with pytest.raises(KundbildError) as caught:
        answer(["customers"], by=by, where=[condition])
    assert told in str(caught.value)


def test_a_value_is_unknown_only_where_there_are_values(home):
    publish(home, "empty")
    assert answer(["orders"], by=["channel"], where=["channel=web"]).rows == []


def test_a_hidden_cell_of_attribution_is_not_a_zero(home):
    cells = """insert into bi.attribution by name
    select 'first' as model, * from (values ('social', 'a', 40, 10, 1000), ('social', 'b', 40, null, null), ('email', 'c', 30, 9, 900))
    t(channel, campaign, customer_count, credited_conversions, net_amount)"""
    publish(home, "one", cells)
    metrics = ["attributed_revenue", "attributed_conversions", "attributed_customers"]
    found = answer(metrics, by=["channel"])
    assert [list(row.values())[2:] for row in found.rows] == [[900, 9, 30], [None, None, 80]]
    assert "attributed_revenue is empty" in " ".join(found.told)
    assert answer(metrics).rows[0]["attributed_revenue"] is None
