"""Nutshell's REST API, answers specified after its public reference (developers.nutshell.com) and the schemas of its answers that Airbyte's public
connector source-nutshell keeps. Not recorded."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orchestration.core.home import Home
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

USER, KEY = "sam@shop.example.com", "nut-1"
AUTH = '[sources.shop.auth]\ntype = "basic"\nuser = "sam@shop.example.com"\npassword = "${NUTSHELL_KEY}"'
REFUSED = {"errors": [{"type": "errors", "status": "401", "title": "Not authorized"}]}


def at(day, hour=9):
    return int(datetime(2026, 3, day, hour, tzinfo=UTC).timestamp())


def when(seconds):
    return None if seconds is None else {"timestamp": seconds, "value": "2026-03-01T09:00:00+0000", "absoluteLocalizedString": "Mar 1"}  # fmt: skip


def lead(id, status, amount, contacts=(), accounts=(), closed=None, sources=()):
    return {"id": f"{id}-leads", "type": "leads", "number": str(id), "name": "Secret deal", "description": "ring the bell", "status": status, "confidence": 50,
            "value": None if amount is None else {"amount": amount, "currency": "SEK", "formatted": "kr"}, "createdTime": when(at(1)), "closedTime": when(closed),
            "links": {"contacts": [*contacts], "accounts": [*accounts], "stage": "4-stages", "stageset": "2-stagesets", "sources": [*sources]}}  # fmt: skip


def activity(id, contacts, **more):
    return {"id": f"{id}-activities", "type": "activities", "name": "Call Anna", "agenda": "her divorce", "startTime": at(2, id), "endTime": at(2, id) + 600, "isLogged": True, "isCancelled": False,
            "links": {"contacts": contacts, "leads": [], "activityType": "1-activityTypes"}} | more  # fmt: skip


ANSWERS = {
    "contacts": [
        {"id": "21-contacts", "type": "contacts", "firstName": "Anna", "lastName": "Ek", "jobTitle": "CEO", "emails": [{"isPrimary": True, "name": "0", "value": "anna@example.com"}],
         "phones": [{"isPrimary": True, "value": {"E164": "+46701234567", "number": "070"}}], "addresses": [{"value": {"address_1": "Storgatan 1", "city": "Umeå", "postalCode": "90325", "country": "SE"}}],
         "links": {"accounts": ["15-accounts"], "tags": ["1-tags"]}},
        {"id": "22-contacts", "type": "contacts", "firstName": "Bo", "lastName": "By", "emails": [], "phones": [], "addresses": [], "links": {"accounts": [], "tags": []}},
        {"id": "23-contacts", "type": "contacts", "firstName": "Cy", "lastName": None, "jobTitle": None, "emails": [], "phones": [], "addresses": [{"value": None}], "links": {"accounts": []}},
    ],
    "accounts": [
        {"id": "15-accounts", "type": "accounts", "name": "Fjäll AB", "emails": [], "addresses": [{"value": {"country": "SE"}}], "revenue": None, "links": {"industry": "3-industries", "contacts": ["21-contacts"]}},
        {"id": "11-accounts", "type": "accounts", "name": "Hav AB", "emails": [], "addresses": [], "revenue": None, "links": {"industry": None, "contacts": []}},
    ],
    "industries": [{"id": "3-industries", "type": "industries", "name": "Retail", "modifiedTime": at(1)}],
    "leads": [
        lead(1, "won", 1500.5, ["21-contacts", "22-contacts"], ["15-accounts"], at(5), ["7-sources"]), lead(2, "lost", "20.00", closed=at(6)),
        lead(3, "open", 10, ["22-contacts"]), lead(4, "cancelled", None, closed=at(7)),
    ],
    "stages": [{"id": "4-stages", "type": "stages", "name": "Talking", "position": 1, "links": {"stageset": "2-stagesets"}}],
    "stagesets": [{"id": "2-stagesets", "type": "stagesets", "name": "Sales", "default": True}],
    "sources": [{"id": "7-sources", "type": "sources", "name": "Fair", "sourceType": 1}],
    "activities": [activity(8, ["21-contacts"]), activity(9, ["21-contacts"], isCancelled=True), activity(10, ["22-contacts"], isLogged=False), activity(11, [])],
    "activitytypes": [{"id": "1-activityTypes", "type": "activityTypes", "name": "Phone Call", "isBenchmarkable": True}],
}  # fmt: skip


def answer(asked):
    """Pages by page[page] from 0 and page[limit] of at most 10,000; one after the last is empty. Small lists are one answer."""
    path = asked.path.removeprefix("/rest/")
    found = ANSWERS[path]
    name = "activityTypes" if path == "activitytypes" else path
    if path in ("contacts", "accounts", "leads", "activities"):
        limit, page = int(asked.query["page[limit]"]), int(asked.query["page[page]"])
        assert limit <= 10_000
        found = found[page * limit : (page + 1) * limit]
    return {"meta": {"count": len(found), "instanceId": "379104"}, "links": {}, name: found}


def is_known(asked):
    return asked.headers.get("Authorization") == f"Basic {b64encode(f'{USER}:{KEY}'.encode()).decode()}"


@pytest.fixture(scope="module")
def api():
    return VendorApi(answer, is_known, (REFUSED, 401, {}), too_many())


@pytest.fixture(scope="module")
def crm(api, modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("nutshell")).prepare()
    with connected(modules_warehouse, home, api, "nutshell", AUTH, "page_size = 2", below="/rest", NUTSHELL_KEY=KEY) as read:  # fmt: skip
        yield read.read()


def test_people_are_of_their_first_company_and_address(crm, api):
    assert api.limited == 1
    people = {one["source_key"]: one for one in rows(crm, "people")}
    anna = people["21-contacts"]
    assert {*people} == {"21-contacts", "22-contacts", "23-contacts"}
    assert (anna["email"], anna["phone"], anna["city"], anna["company_key"], anna["position"]) == ("anna@example.com", "+46701234567", "Umeå", "15-accounts", "CEO")  # fmt: skip
    assert "email" not in people["22-contacts"] and "city" not in people["23-contacts"]


def test_companies_have_the_name_of_their_industry(crm):
    companies = {one["source_key"]: (one["name"], one.get("industry"), one.get("country_code")) for one in rows(crm, "companies")}  # fmt: skip
    assert companies == {"15-accounts": ("Fjäll AB", "Retail", "SE"), "11-accounts": ("Hav AB", None, None)}


def test_leads_are_deals_that_are_closed_where_they_say_so(crm):
    deals = {one["source_key"]: one for one in rows(crm, "deals")}
    assert {key: (one.get("person_key"), one.get("company_key"), one.get("amount"), one.get("is_won"), one.get("closed_at")) for key, one in deals.items()} == {
        "1-leads": ("21-contacts", "15-accounts", Decimal("1500.50"), True, datetime(2026, 3, 5, 9)), "2-leads": (None, None, Decimal("20.00"), False, datetime(2026, 3, 6, 9)),
        "3-leads": ("22-contacts", None, Decimal("10.00"), None, None), "4-leads": (None, None, None, False, datetime(2026, 3, 7, 9)),
    }  # fmt: skip
    first = deals["1-leads"]
    assert (first["pipeline"], first["stage"], first["lead_source"], first["opened_at"]) == ("Sales", "Talking", "Fair", datetime(2026, 3, 1, 9))  # fmt: skip


def test_only_activities_that_happened_are_interactions(crm):
    found = {one["source_key"]: (one.get("person_key"), one["channel"], one["occurred_at"]) for one in rows(crm, "interactions")}  # fmt: skip
    assert found == {"8-activities": ("21-contacts", "phone", datetime(2026, 3, 2, 8)), "11-activities": (None, "phone", datetime(2026, 3, 2, 11))}  # fmt: skip


def test_nothing_is_kept_of_what_people_wrote(crm):
    kept = "".join(crm.con.execute(f"select string_agg(o::varchar, '') from raw_shop.{table} as o").fetchone()[0] for table in ("leads", "activities"))  # fmt: skip
    assert not [word for word in ("divorce", "ring the bell", "Secret deal", "Call Anna") if word in kept]
