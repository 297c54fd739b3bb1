"""One customer on a screen and as a page: what the marts say of it, and nothing of anybody else; the look is noted."""

from __future__ import annotations

import stat

from orchestration.insight.customer_picture import MOST_EVENTS
from tests.conftest import Kundbild

# each table of the timeline with the time of its events, apart from the timeline's own SQL
EVENTS = {
    "fct_orders": ("ordered_at",), "fct_carts": ("abandoned_at",), "fct_subscriptions": ("started_at", "cancelled_at"),
    "fct_web_sessions": ("started_at",), "fct_email_events": ("occurred_at",), "fct_interactions": ("occurred_at",),
    "fct_tickets": ("opened_at", "solved_at"), "fct_survey_responses": ("submitted_at",), "contact_permission_history": ("valid_from",),
}  # fmt: skip


def test_a_customer_is_shown_as_the_marts_know_it(demo_copy: Kundbild, tmp_path):
    with demo_copy.warehouse() as con:
        customer, name, orders, net = con.execute(
            "select customer_id, given_name || ' ' || family_name, order_count, net_amount from marts.customer_360 join marts.dim_customers using (customer_id) "
            "where given_name is not null and family_name is not null and ticket_count > 0 order by order_count + web_session_count desc, 1 limit 1"
        ).fetchall()[0]
        counts = [
            con.execute(
                f"select count({at}) from marts.{table} where customer_id = ? and {at} <= (select as_of from ops.clock)",
                [customer],
            ).fetchall()[0][0]
            for table, times in EVENTS.items()
            for at in times
        ]
        changes = con.execute(
            "select count(*) from marts.customer_identity_events where ? in (from_customer_id, to_customer_id)",
            [customer],
        ).fetchall()[0][0]
        record, others = con.execute(
            "select any_value(source_system || ':' || source_key) filter (customer_id = $1), "
            "list(distinct source_key) filter (customer_id <> $1) from marts.bridge_customer_source_records where valid_to is null",
            [customer],
        ).fetchall()[0]
    assert others and sum(counts) > 20
    said = demo_copy.json("show", record)
    assert (said["customer_id"], f"{said['facts']['given_name']} {said['facts']['family_name']}") == (customer, name)
    assert (said["figures"]["order_count"], said["figures"]["net_amount"]) == (orders, str(net))
    assert said["event_count"] == sum(counts) + changes and len(said["events"]) == min(said["event_count"], MOST_EVENTS)
    times = [event["at"] for event in said["events"]]
    assert times == sorted(times, reverse=True)
    with demo_copy.warehouse() as con:
        given = con.execute("select attribute_name, attribute_value from marts.customer_attributes where customer_id = ? order by 1", [customer]).fetchall()  # fmt: skip
        scores = con.execute("select score, reasons from marts.customer_scores where customer_id = ? order by 1", [customer]).fetchall()  # fmt: skip
    assert [(row["attribute_name"], row["attribute_value"]) for row in said["attributes"]] == given
    assert [(row["score"], row["reasons"]) for row in said["scores"]] == scores
    page = tmp_path / "customer.html"
    shown = demo_copy("show", customer, "--html", str(page)).stdout
    assert name in shown and "What is permitted" in shown and f"15 of {said['event_count']:,} events" in shown
    written = page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600 and written.count("<circle") == len(said["events"])
    assert "http" not in written and "<script" not in written
    told = [entry["action"] for entry in demo_copy.json("audit", "list", "--about", customer)]
    assert told.count("showed a customer") == 2


def test_whoever_is_unknown_or_restricted_is_not_shown(demo_copy: Kundbild):
    assert "there is no customer of that id" in demo_copy("show", "nobody", code=2).stderr
    with demo_copy.warehouse() as con:
        customer = con.execute("select min(customer_id) from marts.dim_customers").fetchall()[0][0]
    demo_copy("restrict", "--customer", customer)
    assert "the marts have no such customer: whoever is restricted is in none" in " ".join(
        demo_copy("show", customer, code=2).stderr.split()
    )
