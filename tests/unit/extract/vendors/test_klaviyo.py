"""Klaviyo's export of profiles: consent is one thing and a suppression another, from the file to staged rows."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from tests.unit.vendor_rows import Vendor, write_rows

HEADER = [
    "Email",
    "Klaviyo ID",
    "First Name",
    "Last Name",
    "Organization",
    "Title",
    "Phone Number",
    "Address",
    "Address 2",
    "City",
    "State / Region",
    "Country",
    "Zip Code",
    "Latitude",
    "Longitude",
    "Source",
    "IP Address",
    "Email Marketing Consent",
    "Email Marketing Consent Timestamp",
    "SMS Marketing Consent",
    "SMS Marketing Consent Timestamp",
    "First Active",
    "Last Active",
    "Profile Created On",
    "Date Added",
    "Last Open",
    "Last Click",
    "Email Suppressions",
]


def profile(id, consent="SUBSCRIBED", at="2026-01-01T10:00:00+00:00", suppressed="", **more):
    return {"Email": f"{id}@example.com", "Klaviyo ID": id, "First Name": "Anna", "Email Marketing Consent": consent, "Email Marketing Consent Timestamp": at,
            "SMS Marketing Consent": "NEVER_SUBSCRIBED", "First Active": "2025-01-01 10:00:00", "Profile Created On": "2025-01-01 10:00:00", "Email Suppressions": suppressed, **more}  # fmt: skip


@pytest.fixture(scope="module")
def said(modules_warehouse, tmp_path_factory):
    """(profile, map) → what it states."""
    folder = tmp_path_factory.mktemp("klaviyo")
    rows = [
        profile("A"), profile("B", "UNSUBSCRIBED", "2026-02-01T10:00:00+00:00"), profile("C", "NEVER_SUBSCRIBED", ""), profile("D", suppressed="USER_SUPPRESSED"),
        profile("E", suppressed="HARD_BOUNCE"), profile("F", at=""), profile("G", suppressed="['HARD_BOUNCE', 'SPAM_COMPLAINT']"), profile("H", "SOMETHING_NEW"),
        profile("I", **{"Phone Number": "+46701740605", "SMS Marketing Consent": "SUBSCRIBED", "SMS Marketing Consent Timestamp": "2026-01-03T10:00:00+00:00"}),
    ]  # fmt: skip
    write_rows(folder / "VIP segment export.csv", rows, HEADER)
    vendor = Vendor(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder).add().read()
    assert vendor.found.tables[0].vendor.told == "klaviyo export: people, consent_events"
    found = {}
    for one in vendor.staged("consent_events"):
        key, _, name = one["source_key"].partition("|")
        found[key, name or "email"] = one
    return found


def test_only_who_subscribed_at_a_known_time_grants(said):
    assert said["A", "email"]["status"] == "granted" and said["A", "email"]["purpose"] == "newsletter"
    assert "confirmed_at" not in said["A", "email"], "the file does not say whether somebody confirmed"
    assert said["F", "email"]["aside"] == "stated_at is missing"
    denied = [(said[key, "email"]["status"], said[key, "email"]["purpose"]) for key in "BCH"]
    assert denied == [("withdrawn", "marketing")] * 3


def test_a_suppression_denies_although_somebody_consented_unless_it_is_a_bounce(said):
    assert said["D", "email"]["status"] == "granted" and said["D", "suppressed"]["status"] == "withdrawn"
    assert "stated_at" in said["D", "suppressed"] and "aside" not in said["D", "suppressed"]
    assert "ignore" in said["E", "suppressed"]["aside"] and "ignore" in said["A", "suppressed"]["aside"]
    assert said["G", "suppressed"]["status"] == "withdrawn", "one of its reasons is a complaint"


def test_consent_of_one_channel_is_none_of_another(said):
    assert (said["I", "sms"]["status"], said["I", "sms"]["contact_point"]) == ("granted", "+46701740605")
    assert said["A", "sms"]["status"] == "withdrawn" and said["A", "sms"]["channel"] == "sms"
