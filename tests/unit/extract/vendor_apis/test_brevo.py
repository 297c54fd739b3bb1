"""Brevo's API 3, answers specified after its public reference (Get all the contacts, Return all your email campaigns). Not recorded."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from orchestration.run.first_rows import first_rows
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

AUTH = '[sources.shop.auth]\ntype = "api_key"\nname = "api-key"\nkey = "${BREVO_KEY}"'


def contact(id, email=False, sms=False, left=None, **attributes):
    said = {"id": id, "email": f"c{id}@example.com", "emailBlacklisted": email, "smsBlacklisted": sms, "createdAt": "2025-05-02T16:40:31.000+02:00", "modifiedAt": f"2026-01-0{id}T10:00:00.000Z",
            "listIds": [40], "listUnsubscribed": left, "attributes": {"FIRSTNAME": "Anna", "LASTNAME": "Ek", "SMS": "46701740605", "OPT_IN": True, **attributes}}  # fmt: skip
    return said


CONTACTS = [contact(1), contact(2, email=True), contact(3, sms=True), contact(4, left=[40]), contact(5, left=[])]
CAMPAIGNS = [{"id": n, "name": f"Letter {n}", "subject": "Hello", "type": "classic", "status": "sent", "sentDate": "2026-01-01T08:00:00.000Z", "statistics": {}} for n in range(1, 4)]  # fmt: skip


def answer(asked):
    """`limit` and `offset`; behind the last row an answer has no rows."""
    name, found, most = ("contacts", CONTACTS, 1000) if asked.path == "/v3/contacts" else ("campaigns", CAMPAIGNS, 100)
    size, at = int(asked.query["limit"]), int(asked.query["offset"])
    assert size <= most
    return {"count": len(found), name: found[at : at + min(size, 2)]}


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("brevo")).prepare()
    refused = {"code": "unauthorized", "message": "Key not found"}
    api = VendorApi(answer, lambda asked: asked.headers.get("api-key") == "xkeysib-1", (refused, 401, {}), too_many())
    with connected(modules_warehouse, home, api, "brevo", AUTH, below="/v3", BREVO_KEY="xkeysib-1") as read:
        yield read.read()


def test_who_is_blocked_or_left_a_list_denies_and_nothing_grants(shop):
    said = {(one["person_key"], one["channel"]): (one["status"], one["purpose"]) for one in rows(shop, "consent_events")}  # fmt: skip
    assert said == {("2", "email"): ("withdrawn", "marketing"), ("3", "sms"): ("withdrawn", "marketing"), ("4", "email"): ("withdrawn", "marketing")}  # fmt: skip


def test_contacts_are_people_and_of_their_attributes_names_are_kept(shop):
    people = rows(shop, "people")
    assert {one["source_key"] for one in people} == {"1", "2", "3", "4", "5"}
    assert people[0]["given_name"] == "Anna" and people[0]["created_at"].isoformat() == "2025-05-02T14:40:31"
    assert "46701740605" not in str(shop.con.execute("select list(c) from raw_shop.contacts as c").fetchone())


def test_campaigns_that_were_sent_are_read_over_pages(shop):
    assert {one["source_key"]: one["name"] for one in rows(shop, "campaigns")} == {"1": "Letter 1", "2": "Letter 2", "3": "Letter 3"}  # fmt: skip


def test_a_look_at_the_first_rows_finds_nothing_wrong(shop):
    assert [one.found for one in first_rows("shop", shop.settings.sources["shop"], shop.settings.quality) if not one.is_ok] == []  # fmt: skip
