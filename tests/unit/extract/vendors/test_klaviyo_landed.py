"""Klaviyo's events as Fivetran lands them: any event of the account, of which messages are read, and opens of machines are not."""

from __future__ import annotations

import shutil

import pytest

from orchestration.core.home import Home
from tests.conftest import shared
from tests.unit.vendor_rows import Vendor, write_rows

HEADER = ["id", "person_id", "campaign_id", "flow_id", "flow_message_id", "uuid", "datetime", "timestamp", "_fivetran_deleted", "metric_id", "type", "_variation", "property_subject",
          "property_machine_open", "_fivetran_synced"]  # fmt: skip


def event(id, type, machine="", **more):
    return {"id": id, "person_id": "P1", "campaign_id": "C1", "datetime": "2026-02-01 10:00:00.000", "type": type, "property_machine_open": machine,
            "_fivetran_deleted": "FALSE", "_fivetran_synced": "2026-02-02 00:00:00", **more}  # fmt: skip


@pytest.fixture(scope="module")
def sent(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("klaviyo")
    rows = [
        event("a", "Received Email"), event("b", "Opened Email", "FALSE"), event("c", "Opened Email", "TRUE"), event("d", "Opened Email"), event("e", "Clicked Email"),
        event("f", "Bounced Email"), event("g", "Placed Order"), event("h", "Unsubscribed from Email Marketing"), event("i", "Received SMS"),
        event("j", "Clicked Email", _fivetran_deleted="TRUE"),
    ]  # fmt: skip
    write_rows(folder / "event.csv", rows, HEADER)
    return Vendor(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder).add().read()


def test_messages_of_the_account_are_events_of_email_and_nothing_else_is(sent):
    found = [(one["source_key"][0], one["kind"]) for one in sent.staged("email_events") if "aside" not in one]
    assert sorted(found) == [
        ("a", "delivered"),
        ("a", "sent"),
        ("b", "opened"),
        ("d", "opened"),
        ("e", "clicked"),
        ("f", "bounced"),
    ]
    (one,) = [one for one in sent.staged("email_events") if one.get("kind") == "clicked" and "aside" not in one]
    assert (one["person_key"], one["campaign_key"], one["occurred_at"].isoformat()) == (
        "P1",
        "C1",
        "2026-02-01T10:00:00",
    )


def test_an_open_that_a_machine_made_is_left_out_and_counted(sent):
    opens = [one for one in sent.staged("email_events") if one["source_key"].startswith("c|opened")]
    assert [one["aside"] for one in opens] == ["the mapping leaves it out (where)"]


def test_no_event_refuses_or_grants_and_none_denies_for_its_name(sent):
    kinds = {one.get("kind") for one in sent.staged("email_events")}
    assert kinds <= {"sent", "delivered", "opened", "clicked", "bounced"}
    assert "consent_events" not in {m.entity for table in sent.tables.values() for m in table.maps}


def test_a_real_table_that_says_nothing_of_machines_is_known(home, warehouse, tmp_path):
    folder = tmp_path / "klaviyo"
    folder.mkdir()
    shutil.copy(shared("vendor_schemas/klaviyo") / "event.csv", folder / "event.csv")
    shop = Vendor(warehouse, home, folder).add().read()
    assert shop.tables["event"].lacks == ["property_machine_open"]
    found = [one["kind"] for one in shop.staged("email_events") if "aside" not in one]
    assert sorted(found) == ["delivered"] * 3 + ["sent"] * 3, "of four events one is an order"


def test_each_row_of_the_view_of_refusals_denies_its_channel_and_one_of_another_name_denies_all(
    home, warehouse, tmp_path
):
    folder = tmp_path / "klaviyo"
    types = [
        "Unsubscribed from Email Marketing",
        "Unsubscribed from SMS Marketing",
        "Marked Email as Spam",
        "Opted out in the app",
    ]
    write_rows(folder / "event_refusals.csv", [event(str(n), type, person_id=f"P{n}") for n, type in enumerate(types)], HEADER)  # fmt: skip
    shop = Vendor(warehouse, home, folder).add().read()
    assert shop.tables.keys() == {"refusals"}, "a view of all columns is no table of events"
    said = {one["person_key"]: (one["status"], one["purpose"], one["channel"], "aside" in one) for one in shop.staged("consent_events")}  # fmt: skip
    channels = ["email", "sms", "email", "all"]
    assert said == {f"P{n}": ("withdrawn", "marketing", channel, False) for n, channel in enumerate(channels)}
