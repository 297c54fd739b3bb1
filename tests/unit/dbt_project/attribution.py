"""Visits and clicks of customers, and attribution built of them."""

from __future__ import annotations

from datetime import datetime

from tests.unit.dbt_project.insight import Marts

MODELS = ("attribution_paths", "attribution_removal", "attribution", "attribution_spread", "bi_attribution", "bi_attribution_spread", "campaign_results", "bi_campaign_results", "customer_profile")  # fmt: skip
FACTS = ("fct_orders", "fct_web_sessions", "fct_email_events", "conformed_campaigns", "conformed_ad_spend", "exchange_rates_by_day", "contact_permissions")  # fmt: skip
TOUCHES = ("fct_orders", "fct_web_sessions", "fct_email_events")


def build(marts: Marts, *, attribution: bool = True) -> None:
    """Builds what `attribution` reads, and it, of customers who are known."""
    marts.knows_everybody_of(*TOUCHES)
    marts.build("attribution_paths", "attribution_removal", "campaign_results")
    marts.con.execute(
        f"create schema if not exists bi; create or replace table bi.campaign_results as {marts.models['bi_campaign_results']}"
    )
    if attribution:
        marts.build("attribution")


def visit(customer: str | None, at: str, channel: str | None, campaign: str | None = None, key: str = "") -> dict:
    return {"source_system": "web", "source_key": key or f"{customer}{at}{channel}{campaign}", "customer_id": customer,
            "started_at": datetime.fromisoformat(at), "landing_channel": channel, "campaign": campaign}  # fmt: skip


def click(customer: str, at: str, campaign: str | None, kind: str = "clicked") -> dict:
    return {"source_system": "mail", "source_key": f"{customer}{at}{kind}", "customer_id": customer, "kind": kind,
            "occurred_at": datetime.fromisoformat(at), "campaign_key": campaign}  # fmt: skip
