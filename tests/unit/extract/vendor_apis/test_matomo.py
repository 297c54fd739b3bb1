"""Matomo's Live.getLastVisitsDetails, answers specified after its Reporting API reference and the method's source. The token comes in the body of a
POST, as tokens that only take secure requests want it. Not recorded."""

from __future__ import annotations

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.home import Home
from orchestration.extract.extract import extract_source
from orchestration.run.first_rows import first_rows
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows

AUTH = '[sources.shop.auth]\ntype = "api_key"\nname = "token_auth"\nkey = "${MATOMO_TOKEN}"\nplace = "form"'
START = 1769940000  # 2026-02-01T10:00:00Z


def action(kind, url, at, **more):
    return {"type": kind, "url": url, "pageTitle": "Hello Anna", "timestamp": at, "timeSpent": 5, "icon": None, **more}


def visit(id, visitor, user=None, actions=(), status="none", referrer="direct", campaign=None, ip="203.0.113.7"):
    return {"idSite": "1", "idVisit": id, "visitIp": ip, "visitorId": visitor, "userId": user, "fingerprint": "f00", "firstActionTimestamp": START + id, "lastActionTimestamp": START + id * 100,
            "visitDuration": "60", "actions": str(len(actions)), "referrerType": referrer, "referrerName": campaign, "visitEcommerceStatus": status, "city": "Umeå", "actionDetails": [*actions]}  # fmt: skip


SEEN = action("action", "https://shop.example/tents?email=anna@example.com#top", START + 1)
VISITS = [
    visit(1, "aaaa", "17", [SEEN, action("search", "https://shop.example/s", START + 2, siteSearchKeyword="anna ek"), action("ecommerceOrder", None, START + 3)], "ordered", "campaign", "spring"),
    visit(2, "bbbb", None, [action("action", "https://shop.example/", START + 9)]), visit(3, "aaaa", None, [action("goal", None, START + 12)], "abandonedCart"),
]  # fmt: skip


def answer(asked):
    """Newest first, so many as filter_limit from filter_offset on; a page after the last is empty."""
    assert asked.path == "/index.php" and asked.query["method"] == "Live.getLastVisitsDetails" and asked.query["idSite"] == "all"  # fmt: skip
    found = [one for one in VISITS[::-1] if one["lastActionTimestamp"] > int(asked.query.get("minTimestamp", 0))]
    at, most = int(asked.query["filter_offset"]), int(asked.query["filter_limit"])
    return [one | ({"actionDetails": []} if asked.query.get("doNotFetchActions") else {}) for one in found[at : at + most]]  # fmt: skip


def api_of(token):
    refused = {"result": "error", "message": "You can't access this resource as it requires 'view' access."}
    return VendorApi(answer, lambda asked: asked.form.get("token_auth") == token and "token_auth" not in asked.query, (refused, 200, {}))  # fmt: skip


@pytest.fixture(scope="module")
def api():
    return api_of("t0k3n")


@pytest.fixture(scope="module")
def shop(api, modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("matomo")).prepare()
    with connected(modules_warehouse, home, api, "matomo", AUTH, "page_size = 2", MATOMO_TOKEN="t0k3n") as read:
        yield read.read()


def test_visits_are_sessions_of_a_browser_and_of_who_was_logged_in(shop):
    found = {one["source_key"]: one for one in rows(shop, "web_sessions")}
    assert {key: (one["visitor_key"], one.get("person_key"), one["is_converted"], one["is_bounce"]) for key, one in found.items()} == {
        "1": ("aaaa", "17", True, False), "2": ("bbbb", None, False, True), "3": ("aaaa", None, False, True),
    }  # fmt: skip
    assert (found["1"]["campaign"], found["1"]["started_at"].isoformat(), found["1"]["duration_seconds"]) == ("spring", "2026-02-01T10:00:01", 60)  # fmt: skip


def test_pages_are_events_without_what_stands_behind_their_path(shop):
    found = {one["source_key"]: (one["session_key"], one["page"], one["kind"]) for one in rows(shop, "web_events")}
    assert sorted(found.values()) == [("1", "/tents", "page_view"), ("2", "/", "page_view")]


def test_no_address_on_the_internet_no_place_and_no_term_is_kept(shop):
    kept = "".join(str(shop.con.execute(f"select list(t) from raw_shop.{name} as t").fetchone()) for name in ("visits", "actions"))  # fmt: skip
    assert not any(word in kept for word in ("203.0.113", "Umeå", "anna ek", "Hello", "f00")) and "spring" in kept


def test_a_second_night_asks_since_a_day_before_the_newest(shop, api):
    before = len(api.asked)
    shop.read()
    assert {one.query.get("minTimestamp") for one in api.asked[before:]} == {str(START + 300 - 86400)}


def test_a_refusal_that_is_answered_with_200_is_no_empty_page(home, warehouse):
    read = connected(warehouse, home, api_of("another"), "matomo", AUTH, MATOMO_TOKEN="t0k3n")
    with read as refused, pytest.raises(SourceError, match="not a page of rows"):
        extract_source(refused.con, refused.home, refused.settings, "shop")


def test_a_look_at_the_first_rows_finds_nothing_wrong(shop):
    assert [one.found for one in first_rows("shop", shop.settings.sources["shop"], shop.settings.quality) if not one.is_ok] == []  # fmt: skip
