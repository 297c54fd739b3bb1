"""HubSpot's CRM API v3, answers specified after its public reference (developers.hubspot.com: Contacts, Companies, Deals,
Tickets, Pipelines, Associations, "Email analytics v1: Get email events"; "API usage guidelines and limits"). Not recorded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from orchestration.core.home import Home
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

TOKEN = "pat-eu1-1"
REFUSED = {"status": "error", "message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION"}
LIMITED = {"status": "error", "message": "You have reached your ten_secondly_rolling limit.", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}  # fmt: skip
# properties that only accounts with several currencies have
NOT_DEFINED = {"deal_currency_code"}
EVERY = {"hs_object_id": None, "createdate": "2026-01-01T09:00:00.000Z", "lastmodifieddate": "2026-02-01T09:00:00.000Z"}


def thing(id, associations=None, **properties):
    said = {"id": str(id), "properties": EVERY | properties, "createdAt": "2026-01-01T09:00:00.000Z", "updatedAt": "2026-02-01T09:00:00.000Z", "archived": False}  # fmt: skip
    linked = {of: {"results": [{"id": str(one), "type": kind} for one in ids for kind in ("deal_to_it", "deal_to_it_unlabeled")]} for of, ids in (associations or {}).items()}  # fmt: skip
    return said | ({"associations": linked} if linked else {})


CONTACTS = [
    thing(1, email="anna@example.com", firstname="Anna", lastname="Ek", associatedcompanyid="50", hs_email_optout="true"),
    thing(2, email="bo@example.com", firstname="Bo", hs_email_optout="false", hs_email_optout_77="true", salary="1"),
    thing(3, email="cy@example.com", hs_email_optout=None),
    thing(5, email="di@example.com", hs_email_optout=""),
]  # fmt: skip
DEALS = [
    thing(70, {"contacts": [2, 9], "companies": [50]}, pipeline="default", dealstage="won", amount="1500.50", closedate="2026-02-10T10:00:00Z", hs_is_closed="true", hs_is_closed_won="true", hs_analytics_source="DIRECT_TRAFFIC"),
    thing(71, pipeline="default", dealstage="lost", amount="", closedate="2026-02-11T10:00:00Z", hs_is_closed="true", hs_is_closed_won="false"),
    thing(72, {"contacts": [1]}, pipeline="default", dealstage="open", amount="10", closedate="2026-06-01T10:00:00Z", hs_is_closed="false", hs_is_closed_won="false"),
]  # fmt: skip
STAGES = [{"id": id, "label": label, "displayOrder": 0, "metadata": {"isClosed": "false", "probability": "0.5"}, "archived": False} for id, label in (("open", "Talking"), ("won", "Closed won"), ("lost", "Closed lost"))]  # fmt: skip
OBJECTS = {
    "contacts": CONTACTS,
    "companies": [thing(50, name="Fjäll AB", industry="RETAIL", country="Sweden")],
    "deals": DEALS,
    "tickets": [thing(80, {"contacts": [3]}, closed_date="2026-02-03T09:00:00Z", hs_ticket_category="PRODUCT_ISSUE"), thing(81)],
}  # fmt: skip


def event(id, kind, created=1_770_000_000_123, **more):
    return {"appId": 1, "appName": "Batch", "portalId": 9, "id": id, "type": kind, "recipient": "anna@example.com", "created": created, "emailCampaignId": 4, "subject": "Anna, hello", **more}  # fmt: skip


EVENTS = [
    event("a", "OPEN", filteredEvent=False), event("b", "CLICK", filteredEvent=True), event("c", "SPAMREPORT"), event("d", "STATUSCHANGE", subscriptions=[{"id": 7}]),
    event("e", "SENT", created=1_770_100_000_000),
]  # fmt: skip


def events(asked):
    """A page has an offset even where it is the last one."""
    found = [one for one in EVENTS if one["created"] >= int(asked.query.get("startTimestamp", "0"))]
    at = int(asked.query.get("offset", "0"))
    until = at + int(asked.query["limit"])
    return {"hasMore": until < len(found), "offset": str(until), "events": found[at:until]}


def answer(asked):
    """Pages by `after`, of 100 at most; of properties those that are asked for, and that the account has."""
    if asked.path == "/email/public/v1/events":
        return events(asked)
    limit = int(asked.query.get("limit", "0"))
    if asked.path == "/crm/v3/pipelines/deals":
        return {"results": [{"id": "default", "label": "Sales", "displayOrder": 0, "stages": STAGES}]}
    found = OBJECTS[asked.path.removeprefix("/crm/v3/objects/")]
    assert 0 < limit <= 100
    properties, linked = asked.query["properties"].split(","), asked.query.get("associations", "").split(",")
    at = int(asked.query.get("after", "0"))
    page = []
    for one in found[at : at + limit]:
        told = one | {"properties": {name: one["properties"].get(name) for name in ["hs_object_id", *properties] if name not in NOT_DEFINED}}  # fmt: skip
        if "associations" in one:
            told["associations"] = {of: ids for of, ids in one["associations"].items() if of in linked}
        page.append(told)
    is_last = at + limit >= len(found)
    return {"results": page} | ({} if is_last else {"paging": {"next": {"after": str(at + limit), "link": "https://api.hubapi.com/x"}}})  # fmt: skip


@pytest.fixture(scope="module")
def api():
    return VendorApi(answer, lambda asked: asked.headers.get("Authorization") == f"Bearer {TOKEN}", (REFUSED, 401, {}), too_many(LIMITED))  # fmt: skip


@pytest.fixture(scope="module")
def crm(api, modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("hubspot")).prepare()
    names = ("companies", "deals", "deal_stages", "tickets", "email_events")
    tables = '[sources.shop.tables.contacts]\nmore = ["properties.hs_email_optout_77"]\n' + "".join(f"[sources.shop.tables.{name}]\n" for name in names)  # fmt: skip
    said = 'page_size = 2\ntoken = "${HUBSPOT_TOKEN}"'
    with connected(modules_warehouse, home, api, "hubspot", tables, said, HUBSPOT_TOKEN=TOKEN) as read:
        yield read.read()


def test_every_page_is_read_and_one_request_too_many_is_asked_again(crm, api):
    assert api.limited == 1
    people = {one["source_key"]: one for one in rows(crm, "people")}
    assert {*people} == {"1", "2", "3", "5"}
    assert (people["1"]["family_name"], people["1"]["company_key"], people["1"]["created_at"]) == ("Ek", "50", datetime(2026, 1, 1, 9))  # fmt: skip


def test_opting_out_of_one_type_or_of_all_denies_email_and_nothing_grants(crm):
    said = {(one["person_key"], one["status"], one["purpose"], one["channel"]) for one in rows(crm, "consent_events")}
    assert said == {("1", "withdrawn", "all", "email"), ("2", "withdrawn", "all", "email")}
    assert {one.get("aside") for one in crm.staged("consent_events")} == {None, "status is one of those that the mapping ignores"}  # fmt: skip


def test_a_deal_is_of_its_first_contact_and_closed_where_it_says_so(crm):
    deals = {one["source_key"]: one for one in rows(crm, "deals")}
    told = {key: (one.get("person_key"), one.get("company_key"), one["pipeline"], one["stage"], one.get("amount"), one.get("is_won")) for key, one in deals.items()}  # fmt: skip
    assert told == {
        "70": ("2", "50", "Sales", "Closed won", Decimal("1500.50"), True),
        "71": (None, None, "Sales", "Closed lost", None, False),
        "72": ("1", None, "Sales", "Talking", Decimal("10.00"), None),
    }
    assert deals["70"]["closed_at"] == datetime(2026, 2, 10, 10) and "closed_at" not in deals["72"]


def test_companies_and_tickets(crm):
    (company,) = rows(crm, "companies")
    assert (company["source_key"], company["name"], company["industry"]) == ("50", "Fjäll AB", "RETAIL")
    assert {one["source_key"]: (one.get("person_key"), one.get("category")) for one in rows(crm, "tickets")} == {
        "80": ("3", "PRODUCT_ISSUE"), "81": (None, None),
    }  # fmt: skip


def test_the_next_night_a_merged_contact_is_gone(crm):
    merged = CONTACTS.pop(3)
    crm.read()
    CONTACTS.insert(3, merged)
    gone = "select id from raw_shop.contacts where _deleted_at is not null"
    assert crm.con.execute(gone).fetchall() == [(5,)]


def test_an_opt_out_of_one_type_is_asked_for_where_it_is_named(crm, api):
    asked = [one.query["properties"].split(",") for one in api.asked if one.path.endswith("/contacts")]
    assert asked and all(one[-2:] == ["hs_email_optout", "hs_email_optout_77"] for one in asked)


def test_events_of_email_have_their_moments_and_machines_open_nothing(crm):
    found = {one["source_key"]: one for one in crm.staged("email_events")}
    kept = {
        key: (one["kind"], one["contact_point"], one["campaign_key"])
        for key, one in found.items()
        if "aside" not in one
    }
    assert kept == {key: (kind, "anna@example.com", "4") for key, kind in [("a", "opened"), ("c", "complained"), ("d", "unsubscribed"), ("e", "sent")]}  # fmt: skip
    assert "ignores" in found["b"]["aside"] and found["c"]["occurred_at"] == datetime(2026, 2, 2, 2, 40, 0, 123000)
    assert "hello" not in str(crm.con.execute("from raw_shop.email_events").fetchall())


def test_the_next_night_asks_for_events_since_a_day_before_the_newest(crm, api):
    api.asked.clear()
    crm.read()
    asked = {one.query.get("startTimestamp") for one in api.asked if one.path.endswith("/events")}
    assert asked == {str(1_770_100_000_000 - 86_400_000)}
