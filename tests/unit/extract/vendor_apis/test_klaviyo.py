"""Klaviyo's API, answers specified after its public reference and OpenAPI documents of revision 2026-04-15 (Get Profiles, Get Events, Get Metrics,
Get Campaigns, Rate limits and errors). Not recorded."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from orchestration.run.first_rows import first_rows
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

KEY = "pk_1"
AUTH = '[sources.shop.auth]\ntype = "api_key"\nname = "Authorization"\nkey = "Klaviyo-API-Key ${KLAVIYO_KEY}"'
REFUSED = {"errors": [{"id": "1", "status": 401, "code": "not_authenticated", "title": "Authentication credentials were not provided.", "detail": "Missing or invalid private key."}]}  # fmt: skip
MAILED, SINCE = "2026-01-01T10:00:00+00:00", "2026-02-01T10:00:00+00:00"


def profile(id, consent="SUBSCRIBED", at=MAILED, suppressed=(), lists=(), double=False, sms=None, updated=SINCE):
    email = {"can_receive_email_marketing": consent == "SUBSCRIBED" and not suppressed, "consent": consent, "consent_timestamp": at, "last_updated": at, "method": "FORM", "method_detail": "",
             "custom_method_detail": None, "double_optin": double, "suppression": [{"reason": r, "timestamp": SINCE} for r in suppressed],
             "list_suppressions": [{"list_id": "L1", "reason": r, "timestamp": SINCE} for r in lists]}  # fmt: skip
    text = {"can_receive_sms_marketing": bool(sms), "consent": sms or "NEVER_SUBSCRIBED", "consent_timestamp": MAILED if sms else None, "method": None}  # fmt: skip
    said = {"email": f"{id}@example.com", "phone_number": "+46701740605" if sms else None, "first_name": "Anna", "last_name": "Ek", "title": None, "created": MAILED, "updated": updated,
            "location": {"address1": "Storgatan 1", "city": "Umeå", "country": "Sweden", "zip": "90325"}, "subscriptions": {"email": {"marketing": email}, "sms": {"marketing": text}}}  # fmt: skip
    return {"type": "profile", "id": id, "attributes": said, "links": {"self": f"https://a.klaviyo.com/api/profiles/{id}/"}}  # fmt: skip


PROFILES = [
    profile("A"), profile("B", "UNSUBSCRIBED"), profile("C", "NEVER_SUBSCRIBED", None), profile("D", suppressed=["USER_SUPPRESSED"]), profile("E", suppressed=["HARD_BOUNCE"]),
    profile("F", double=True, sms="SUBSCRIBED"), profile("G", lists=["UNSUBSCRIBED"]), profile("H", suppressed=["HARD_BOUNCE", "SPAM_COMPLAINT"], sms="UNSUBSCRIBED"),
]  # fmt: skip
METRICS = {"M1": ("Received Email", "Klaviyo"), "M2": ("Opened Email", "Klaviyo"), "M3": ("Placed Order", "Shopify"), "M4": ("Opened Email", "API"), "M5": ("Bounced Email", "Klaviyo")}  # fmt: skip


def event(id, metric, message="MSG1", profile="A", **properties):
    said = {"datetime": SINCE, "event_properties": {"$message": message, "Subject": "Hello", **properties}}
    whose = {
        "profile": {"data": {"type": "profile", "id": profile}},
        "metric": {"data": {"type": "metric", "id": metric}},
    }
    return {"type": "event", "id": id, "attributes": said, "relationships": whose}


EVENTS = [
    event("e1", "M1"), event("e2", "M2"), event("e3", "M2", **{"Machine Open": True}), event("e4", "M3", message=None, items=[{"sku": "tent"}]), event("e5", "M4"),
    event("e6", "M5", message="FLOW9", **{"$flow": "F1"}), event("e7", "M2", **{"Machine Open": False}),
]  # fmt: skip


def campaign(id, status, messages=()):
    there = {"campaign-messages": {"data": [{"type": "campaign-message", "id": one} for one in messages]}}
    return {"type": "campaign", "id": id, "attributes": {"name": f"Campaign {id}", "status": status, "send_time": MAILED}, "relationships": there}  # fmt: skip


CAMPAIGNS = {"email": [campaign("C1", "Sent", ["MSG1", "MSG2"]), campaign("C2", "Draft", ["MSG3"])], "sms": [campaign("S1", "Sent", ["MSG4"])]}  # fmt: skip


def answer(asked):
    """A page has `page[size]` rows (campaigns: always so many), and names the next by an address with page[cursor]."""
    name = asked.path.removeprefix("/api/")
    if name == "campaigns":
        found = CAMPAIGNS[asked.query["filter"].removeprefix("equals(messages.channel,'").removesuffix("')")]
    else:
        metrics = [{"type": "metric", "id": id, "attributes": {"name": called, "integration": {"object": "integration", "name": by}}} for id, (called, by) in METRICS.items()]  # fmt: skip
        kind = asked.query.get("filter", "").partition(".marketing.")[2].partition(".")[0]
        found = {
            "profiles": [
                p for p in PROFILES if not kind or p["attributes"]["subscriptions"]["email"]["marketing"][kind]
            ],
            "events": EVENTS,
            "metrics": metrics,
        }[name]
    size, at = int(asked.query.get("page[size]", 2)), int(asked.query.get("page[cursor]", 0))
    assert size <= 100
    asking = "&".join(f"{k}={v}" for k, v in asked.query.items() if k != "page[cursor]")
    further = f"{asked.path}?{asking}&page[cursor]={at + size}" if at + size < len(found) else None
    return {"data": found[at : at + size], "links": {"self": asked.path, "next": further, "prev": None}}


def is_known(asked):
    return (
        asked.headers.get("Authorization") == f"Klaviyo-API-Key {KEY}" and asked.headers.get("revision") == "2026-04-15"
    )


@pytest.fixture(scope="module")
def api():
    return VendorApi(answer, is_known, (REFUSED, 401, {}), too_many({"errors": [{"code": "throttled"}]}))


@pytest.fixture(scope="module")
def shop(api, modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("klaviyo")).prepare()
    with connected(modules_warehouse, home, api, "klaviyo", AUTH, 'page_size = 3\nwording = "2026-01"', below="/api", KLAVIYO_KEY=KEY) as read:  # fmt: skip
        yield read.read()


@pytest.fixture(scope="module")
def said(shop):
    found = {}
    for one in rows(shop, "consent_events"):
        found.setdefault((one["person_key"], one["channel"]), []).append(one)
    return found


def test_every_page_is_read_with_the_revision_and_one_request_too_many_is_asked_again(shop, api):
    assert api.limited == 1 and len(rows(shop, "people")) == len(PROFILES)
    pages = [
        one for one in api.asked if one.path == "/api/profiles" and "suppression" not in one.query.get("filter", "")
    ]
    assert (
        len({one.query.get("page[cursor]") for one in pages}) == 3
        and len({one.query.get("page[cursor]") for one in api.asked if one.path == "/api/events"}) == 3
    )


def words(said, key, channel="email"):
    return sorted((one["status"], one["purpose"]) for one in said[key, channel])


def test_who_subscribed_grants_and_who_confirmed_says_when(said):
    (anna,), (confirmed,), (text,) = said["A", "email"], said["F", "email"], said["F", "sms"]
    assert (anna["status"], anna["purpose"], anna["wording_version"]) == ("granted", "newsletter", "2026-01")
    assert "confirmed_at" not in anna and confirmed["confirmed_at"] == confirmed["stated_at"]
    assert words(said, "B") == words(said, "C") == words(said, "A", "sms") == words(said, "H", "sms") == [("withdrawn", "marketing")]  # fmt: skip
    assert (text["status"], text["contact_point"]) == ("granted", "+46701740605")


def test_a_suppression_and_one_of_a_list_deny_although_somebody_consented_unless_it_is_a_bounce(said):
    refused = [("granted", "newsletter"), ("withdrawn", "marketing")]
    assert words(said, "D") == words(said, "G") == words(said, "H") == refused and words(said, "E") == refused[:1]
    assert {one["stated_at"].isoformat() for one in said["D", "email"]} == {"2026-01-01T10:00:00", "2026-02-01T10:00:00"}  # fmt: skip


def test_events_are_of_klaviyo_itself_and_opens_of_machines_are_left_out(shop):
    events = {(one["source_key"].partition("|")[0], one["kind"]): one.get("campaign_key") for one in rows(shop, "email_events")}  # fmt: skip
    assert events == {("e1", "sent"): "MSG1", ("e1", "delivered"): "MSG1", ("e2", "opened"): "MSG1", ("e7", "opened"): "MSG1", ("e6", "bounced"): "FLOW9"}  # fmt: skip
    assert {one["source_key"]: one["channel"] for one in rows(shop, "campaigns")} == {
        "MSG1": "email",
        "MSG2": "email",
        "MSG4": "sms",
    }


def test_nothing_is_kept_of_events_but_what_is_mapped(shop):
    kept = shop.con.execute("select string_agg(e::varchar, '') from raw_shop.events as e").fetchone()[0]
    assert "tent" not in kept and "Hello" not in kept and "MSG1" in kept


def test_a_second_night_asks_for_events_since_and_for_all_consents(shop, api):
    before = len(api.asked)
    shop.read()
    assert {one.path: one.query.get("filter") for one in api.asked[before:] if one.path == "/api/events" or "consent" in one.query.get("fields[profile]", "")} == {
        "/api/profiles": None, "/api/events": "greater-or-equal(datetime,2026-01-31T10:00:00Z)",
    }  # fmt: skip


def test_a_look_at_the_first_rows_finds_nothing_wrong(shop):
    assert [one.found for one in first_rows("shop", shop.settings.sources["shop"], shop.settings.quality) if not one.is_ok] == []  # fmt: skip
