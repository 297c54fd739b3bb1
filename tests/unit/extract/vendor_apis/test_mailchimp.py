"""Mailchimp's Marketing API 3.0, answers specified after its public reference (mailchimp.com/developer/marketing/api: Lists, List members, Campaigns,
Email activity, Sent to; "Methods and parameters", "Errors"). Not recorded."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime

import pytest

from orchestration.core.home import Home
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

KEY = "0123-us1"
AUTH = '[sources.shop.auth]\ntype = "basic"\nuser = "kundbild"\npassword = "${MAILCHIMP_KEY}"'
REFUSED = {"type": "https://mailchimp.com/developer/marketing/docs/errors/", "title": "API Key Invalid", "status": 401, "detail": "Your API key may be invalid", "instance": ""}  # fmt: skip


def member(
    id,
    status,
    list_id="l1",
    signup="2026-01-05T10:00:00+00:00",
    opt="2026-01-05T10:00:00+00:00",
    changed="2026-02-01T08:00:00+00:00",
    **more,
):
    said = {"id": f"hash-{id}", "list_id": list_id, "email_address": f"{id}@example.com", "unique_email_id": f"u-{id}", "status": status, "member_rating": 3, "ip_opt": "203.0.113.7",
            "merge_fields": {"FNAME": id.title(), "LNAME": "Ek", "BIRTHDAY": "01/05"}, "location": {"country_code": "SE", "latitude": 63.8}, "last_note": {"note": "likes tents"},
            "timestamp_signup": signup, "timestamp_opt": opt, "last_changed": changed}  # fmt: skip
    return said | ({"unsubscribe_reason": "N/A (Unsubscribed by admin)"} if status == "unsubscribed" else {}) | more


LISTS = [{"id": "l1", "name": "Letter", "stats": {"member_count": 5}}, {"id": "l2", "name": "Friends"}, {"id": "l3", "name": "Empty"}]  # fmt: skip
MEMBERS = [
    member("anna", "subscribed", opt="2026-01-05T10:02:00+00:00"),
    member("bo", "unsubscribed"), member("cy", "unsubscribed", unsubscribe_reason="They send too much and I am angry"),
    member("di", "cleaned"), member("eva", "pending"), member("fia", "subscribed", signup="", location={}),
    member("anna", "subscribed", "l2"), member("gun", "archived"),
]  # fmt: skip
CAMPAIGNS = [
    {"id": "c1", "type": "regular", "status": "sent", "send_time": "2026-02-01T07:00:00+00:00", "settings": {"title": "February", "subject_line": "Tents"}},
    {"id": "c2", "type": "regular", "status": "save", "send_time": "", "settings": {"title": "Draft"}},
]  # fmt: skip
ACTIVITY = [
    {"campaign_id": "c1", "list_id": "l1", "email_id": "hash-anna", "email_address": "anna@example.com",
     "activity": [{"action": "open", "timestamp": "2026-02-01T08:00:00+00:00", "ip": "203.0.113.7"}, {"action": "click", "timestamp": "2026-02-01T08:01:00+00:00", "url": "https://shop.example.com/tent"}]},
    {"campaign_id": "c1", "list_id": "l1", "email_id": "hash-bo", "email_address": "bo@example.com", "activity": []},
    {"campaign_id": "c1", "list_id": "l1", "email_id": "hash-di", "email_address": "di@example.com", "activity": [{"action": "bounce", "type": "hard", "timestamp": "2026-02-01T07:01:00+00:00"}]},
]  # fmt: skip


def answer(asked):
    """Pages by offset and count, of at most 1000; archived members only where they are asked for; `fields` by paths with dots."""
    parts = asked.path.removeprefix("/3.0/").split("/")
    name, found = parts[-1], []
    if parts == ["lists"]:
        found = LISTS
    elif parts[0] == "lists":
        status = asked.query.get("status")
        found = [one for one in MEMBERS if one["list_id"] == parts[1] and (one["status"] == "archived") == (status == "archived")]  # fmt: skip
    elif parts == ["campaigns"]:
        found = [one for one in CAMPAIGNS if one["status"] == asked.query["status"]]
    elif parts == ["reports"]:
        found = [{"id": one["id"], "send_time": one["send_time"], "emails_sent": 3} for one in CAMPAIGNS if one["status"] == "sent"]  # fmt: skip
    elif parts[2] == "email-activity":
        name, since = "emails", asked.query.get("since", "")
        found = [one | {"activity": [act for act in one["activity"] if act["timestamp"] > since]} for one in ACTIVITY]
    else:
        name, found = "sent_to", [{key: one[key] for key in ("campaign_id", "list_id", "email_id")} | {"status": "sent"} for one in ACTIVITY]  # fmt: skip
    at, count = int(asked.query["offset"]), int(asked.query["count"])
    assert count <= 1000
    fields = [path.split(".")[1:] for path in asked.query["fields"].split(",")]
    return {name: [told(one, fields) for one in found[at : at + count]]}


def told(value, paths):
    if not isinstance(value, dict) or [] in paths:
        return value
    names = {path[0] for path in paths}
    return {name: told(value[name], [path[1:] for path in paths if path[0] == name]) for name in value if name in names}


def is_known(asked):
    return b64decode(asked.headers.get("Authorization", "Basic ").removeprefix("Basic ")).endswith(f":{KEY}".encode())


@pytest.fixture(scope="module")
def api():
    return VendorApi(answer, is_known, (REFUSED, 401, {}), too_many({"title": "Too Many Requests", "status": 429}))


@pytest.fixture(scope="module")
def mail(api, modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("mailchimp")).prepare()
    tables = "".join(f"[sources.shop.tables.{name}]\n" for name in ("members", "archived", "campaigns", "email_activity", "sent_to"))  # fmt: skip
    said = 'page_size = 2\nwording = "2026-01"'
    with connected(modules_warehouse, home, api, "mailchimp", f"{AUTH}\n{tables}", said, MAILCHIMP_KEY=KEY) as read:
        yield read.read()


def test_members_of_every_list_are_read_and_one_request_too_many_is_asked_again(mail, api):
    assert api.limited == 1
    people = {one["source_key"]: one for one in rows(mail, "people")}
    assert {*people} == {"l1|hash-anna", "l1|hash-bo", "l1|hash-cy", "l1|hash-di", "l1|hash-eva", "l1|hash-fia", "l2|hash-anna", "l1|hash-gun"}  # fmt: skip
    assert (people["l1|hash-anna"]["given_name"], people["l1|hash-anna"]["country_code"]) == ("Anna", "SE")


def test_only_a_subscription_with_a_time_grants_and_cleaned_is_no_withdrawal(mail):
    said = {(one["person_key"], one["status"], one["purpose"]) for one in rows(mail, "consent_events") if one.get("stated_at")}  # fmt: skip
    assert said == {
        ("l1|hash-anna", "granted", "newsletter"), ("l2|hash-anna", "granted", "newsletter"), ("l1|hash-bo", "withdrawn", "newsletter"),
        ("l1|hash-cy", "withdrawn", "newsletter"), ("l1|hash-cy", "withdrawn", "marketing"), ("l1|hash-gun", "withdrawn", "newsletter"),
    }  # fmt: skip
    anna = next(one for one in rows(mail, "consent_events") if one["person_key"] == "l1|hash-anna")
    assert anna["confirmed_at"] == datetime(2026, 1, 5, 10, 2) and anna["wording_version"] == "2026-01"


def test_events_are_of_their_campaign_and_member(mail):
    events = {(one["person_key"], one["kind"], one["campaign_key"], one["occurred_at"].minute) for one in rows(mail, "email_events")}  # fmt: skip
    assert events == {
        ("l1|hash-anna", "opened", "c1", 0), ("l1|hash-anna", "clicked", "c1", 1), ("l1|hash-di", "bounced", "c1", 1),
        ("l1|hash-anna", "sent", "c1", 0), ("l1|hash-bo", "sent", "c1", 0), ("l1|hash-di", "sent", "c1", 0),
    }  # fmt: skip
    (campaign,) = rows(mail, "campaigns")
    assert (campaign["source_key"], campaign["name"]) == ("c1", "February")


def test_nothing_is_kept_of_what_nobody_asked_for(mail):
    kept = "".join(mail.con.execute(f"select string_agg(o::varchar, '') from raw_shop.{table} as o").fetchone()[0] for table in ("members", "email_activity"))  # fmt: skip
    assert not [word for word in ("203.0.113", "01/05", "likes tents", "shop.example.com") if word in kept]


def test_a_second_night_asks_for_news_of_campaigns_and_reads_members_whole(mail, api):
    api.asked.clear()
    mail.read()
    since = {(one.path.removeprefix("/3.0/"), one.query.get("since") or one.query.get("since_last_changed")) for one in api.asked}  # fmt: skip
    assert ("reports/c1/email-activity", "2026-01-31T08:01:00Z") in since
    assert ("lists/l1/members", None) in since and len(rows(mail, "email_events")) == 6


def test_a_source_may_be_of_some_lists_alone_and_sent_to_is_read_where_it_is_named(write_config):
    from orchestration.core.configuration import load_settings

    head = 'company = "T"\n[sources.mail]\nconnector = "rest"\nurl = "https://us1.api.mailchimp.com"\nvendor = "mailchimp"\nform = "api"\n'  # fmt: skip
    said = f'{head}[sources.mail.tables.members.for_each]\nonly = {{ list_id = ["l2"] }}\n'
    members = load_settings(write_config(said)).sources["mail"].tables["members"]
    assert members.for_each.only == {"list_id": ["l2"]} and members.for_each.endpoint.startswith("3.0/lists")
    assert "sent_to" not in load_settings(write_config(head)).sources["mail"].tables
