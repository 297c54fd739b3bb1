"""A past day, and rows of customers before and after it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.unit.empty_tables import add_rows

DAY = datetime(2026, 3, 1)
BEFORE, AFTER = DAY - timedelta(days=5), DAY + timedelta(days=5)


def subscribed(con, customer="c1", **columns):
    add_rows(con, "marts.fct_subscriptions", {"customer_id": customer, **columns})


def person(con, key="c1", **columns):
    add_rows(con, "conformed.conformed_people", {"source_system": "shop", "source_key": key, **columns})


def facts(con, at: datetime) -> None:
    """One row of everything that happens, at the moment."""
    of_person = {"person_system": "shop", "person_key": "c1"}
    rows = {
        "marts.fct_orders": {"ordered_at": at, "is_order": True, "gross_amount": 100, "channel": "web"},
        "marts.fct_web_sessions": {"started_at": at, "page_views": 3},
        "marts.fct_carts": {"created_at": at},
        "marts.fct_tickets": {"opened_at": at},
        "marts.fct_survey_responses": {"submitted_at": at, "nps": 3, "csat": 2},
        "marts.fct_subscriptions": {"started_at": at},
        "marts.fct_interactions": {"occurred_at": at},
    }
    for table, row in rows.items():
        add_rows(con, table, {"customer_id": "c1", **of_person, **row})
    for kind in ("sent", "delivered", "opened", "clicked"):
        add_rows(
            con,
            "marts.fct_email_events",
            {"customer_id": "c1", **of_person, "kind": kind, "campaign_key": "k", "occurred_at": at},
        )
    add_rows(con, "conformed.conformed_usage_events", of_person | {"occurred_at": at})
    add_rows(con, "conformed.conformed_deals", of_person | {"opened_at": at, "stage": "won", "is_won": True})
