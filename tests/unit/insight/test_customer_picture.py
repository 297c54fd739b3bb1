"""One customer's picture: what is told of their life and of the place where they live, and that older marts are no error."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from orchestration.insight.customer_picture import read_picture, width_in_words, write_page
from orchestration.insight.customer_words import in_words
from tests.unit.empty_tables import add_rows, empty_tables

_READ = (
    "dim_customers", "customer_360", "customer_attributes", "contact_permissions", "contact_permission_history", "fct_orders",
    "fct_carts", "fct_subscriptions", "fct_web_sessions", "fct_email_events", "fct_interactions", "fct_tickets",
    "fct_survey_responses", "customer_identity_events", "conformed_campaigns",
)  # fmt: skip


@pytest.fixture
def marts(warehouse):
    """The marts of one customer, c1, but for what newer versions add."""
    empty_tables(warehouse, *_READ)
    warehouse.execute("create schema ops; create table ops.clock as select timestamp '2026-06-01 02:00' as as_of")
    for _, table in (("segments", "customer_lifecycle"), ("segments", "customer_rfm"), ("segments", "segment_changes")):
        empty_tables(warehouse, table)
    warehouse.execute(
        "create schema if not exists identity; create table identity.customer_source_records as "
        "select 'c1' as customer_id, 'crm' as source_system, '1' as source_key, 1 as record_id, null::timestamp as valid_to; "
        "create table identity.customer_id_redirects (old_customer_id varchar, customer_id varchar)"
    )
    add_rows(warehouse, "marts.dim_customers", {"customer_id": "c1", "full_name": "Anna Berg", "gender": "f"})
    figures = {"life_phase": "shared home", "last_moved_on": date(2026, 2, 1), "address_confirmed_on": date(2026, 3, 1),
               "is_contactable_by_sms": False, "usage_count_30d_before": 3}  # fmt: skip
    add_rows(warehouse, "marts.customer_360", {"customer_id": "c1"} | figures)
    return warehouse


@pytest.mark.parametrize(("value", "said"), [(-0.0012, "0.00"), (-0.012, "-0.01"), (1234.5, "1,234.50")])
def test_what_rounds_to_nothing_is_not_below_it(value, said):
    assert in_words(value) == said


def test_life_events_and_the_place_are_on_the_page(marts):
    empty_tables(marts, "customer_places", "customer_life_events")
    place = {"purchasing_power": "high", "purchasing_power_confidence": "medium", "economic_capital": "average",
             "economic_capital_reasons": "median income of the municipality, not of the person (SSB, 2024)"}  # fmt: skip
    add_rows(marts, "marts.customer_places", {"customer_id": "c1"} | place, {"customer_id": "c2", "purchasing_power": "low"})  # fmt: skip
    for event, day, told_by in (("moved", date(2026, 2, 1), "spar"), ("household grew", date(2026, 4, 1), "birth date")):  # fmt: skip
        row = {"event": event, "happened_on": day, "told_by": told_by}
        add_rows(marts, "marts.customer_life_events", {"customer_id": "c1"} | row)
    empty_tables(marts, "delivered_entities")
    for entity, is_delivered in (("orders", True), ("web_sessions", False), ("tickets", False)):
        add_rows(marts, "marts.delivered_entities", {"entity": entity, "is_delivered": is_delivered})
    found = read_picture(marts, "c1")
    assert found.undelivered == ["tickets", "web sessions"]
    assert found.parts["place"] == place
    assert found.parts["record"] == {"address_confirmed_on": date(2026, 3, 1)}
    assert [(row["event"], row["told_by"]) for row in found.life_events] == [("household grew", "birth date"), ("moved", "spar")]  # fmt: skip
    page = write_page(found)
    for said in (
        "Life events",
        "No source delivers these, so nothing of them is known: tickets, web sessions.",
        "2026-04-01",
        "household grew",
        "<h2>Place</h2>",
        "not of the person (SSB, 2024)",
        "<dt>economic capital of the area, not of the person</dt><dd>average</dd>",
        "<dt>gender</dt><dd>female</dd>",
        "<dt>contactable by sms</dt><dd>no</dd>",
        "<dt>usage count in the 30 days before those</dt><dd>3</dd>",
    ):
        assert said in page


def test_how_sure_a_score_is_says_of_what_its_bounds_are(marts):
    empty_tables(marts, "customer_scores")
    bounds = {"lower_value": 26.0, "upper_value": 128.0}
    scores = {
        "expected_purchases_12m": bounds,
        "churn_contract": {"lower_value": 0.16, "upper_value": 0.36},
        "churn_shop": {},
    }
    for score, told in scores.items():
        row = {
            "customer_id": "c1",
            "score": score,
            "value": 0.25,
            "decile": 5,
            "reasons": "",
            "scored_at": datetime(2026, 6, 1),
        }
        add_rows(marts, "marts.customer_scores", row | told)
    found = read_picture(marts, "c1")
    assert [width_in_words(row) for row in found.scores] == [
        "95 % interval: 0.16 to 0.36", "", "nine of ten: 26.00 to 128.00",
    ]  # fmt: skip
    page = write_page(found)
    assert "<td>95 % interval: 0.16 to 0.36</td>" in page and "<td>nine of ten: 26.00 to 128.00</td>" in page


def test_marts_of_a_night_before_these_models_are_shown_without(marts):
    found = read_picture(marts, "c1")
    assert found.life_events == [] and "place" not in found.parts
    assert "Life events" not in write_page(found)


def test_what_is_to_come_has_not_happened(marts):
    """A grant that expires, a subscription that ends and whatever a source dates after the night are no past."""
    expires = {
        "customer_id": "c1",
        "purpose": "profiling",
        "channel": "email",
        "is_permitted": False,
        "reason": "the grant has expired",
    }
    for day in (1, 2):
        add_rows(marts, "marts.contact_permission_history", expires | {"valid_from": datetime(2026, 6, day, 2)})
    spell = {"customer_id": "c1", "source_system": "s", "source_key": "1", "started_at": datetime(2026, 1, 1)}
    add_rows(marts, "marts.fct_subscriptions", spell | {"cancelled_at": datetime(2027, 1, 1), "is_active": False})
    found = read_picture(marts, "c1")
    said = [("permissions", datetime(2026, 6, 1, 2)), ("subscriptions", datetime(2026, 1, 1))]
    assert [(event.lane, event.at) for event in found.events] == said and found.event_count == 2


def test_a_campaign_is_told_by_its_name_and_by_its_key_where_it_has_none(marts):
    for day, key in ((1, "12"), (2, "13")):
        mail = {"customer_id": "c1", "source_system": "mail", "source_key": key, "kind": "clicked", "campaign_key": key}
        add_rows(marts, "marts.fct_email_events", mail | {"occurred_at": datetime(2026, 5, day)})
    add_rows(marts, "conformed.conformed_campaigns", {"source_system": "mail", "source_key": "12", "name": "Spring"})
    add_rows(marts, "conformed.conformed_campaigns", {"source_system": "sms", "source_key": "13", "name": "Another"})
    said = [event.what for event in read_picture(marts, "c1").events]
    assert said == ["email clicked: 13", "email clicked: Spring"]
