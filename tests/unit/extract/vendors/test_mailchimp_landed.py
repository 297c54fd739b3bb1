"""Mailchimp's tables as Fivetran lands them: what each status says, and what it does not, from the files to staged rows."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from tests.unit.vendor_rows import Vendor, write_rows

SYNCED = {"_fivetran_synced": "2026-03-09 00:00:00"}

# the first three are of the list alone
REASONS = ["", "None given", "I no longer want to receive these emails", "The emails are spam and should be reported", "Other (fill in reason below)"]  # fmt: skip


@pytest.fixture(scope="module")
def landed(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("landed")

    def member(id, status, signup="2026-01-01 10:00:00", opt="2026-01-01 10:05:00", list_id="l1"):
        return {"id": id, "list_id": list_id, "email_address": f"{id}@example.com", "member_rating": 2, "status": status, "timestamp_signup": signup, "timestamp_opt": opt, "last_changed": "2026-02-01 10:00:00", **SYNCED}  # fmt: skip

    statuses = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived", "who_knows")
    rows = [member(status, status) for status in statuses]
    write_rows(folder / "member.csv", [*rows, member("imported", "subscribed", signup=""), member("subscribed", "unsubscribed", list_id="l2")])  # fmt: skip
    write_rows(folder / "campaign.csv", [{"id": "c1", "list_id": "l1", "subject_line": "x", "title": "Spring", "send_time": "2026-02-10 08:00:00", "status": "sent", "archive_url": "x", "_fivetran_deleted": "false", **SYNCED}])  # fmt: skip
    write_rows(folder / "campaign_recipient.csv", [{"campaign_id": "c1", "member_id": "subscribed", "list_id": "l1", "combination_id": "", **SYNCED}])  # fmt: skip
    write_rows(folder / "campaign_recipient_activity.csv", [{"action": "open", "campaign_id": "c1", "member_id": "subscribed", "timestamp": "2026-02-10 09:00:00", "list_id": "l1", "bounce_type": "", **SYNCED}])  # fmt: skip
    write_rows(folder / "unsubscribe.csv", [{"campaign_id": f"c{n}", "member_id": "unsubscribed", "list_id": "l1", "reason": reason, "timestamp": "2026-02-11 09:00:00", **SYNCED} for n, reason in enumerate(REASONS)])  # fmt: skip
    home = Home(tmp_path_factory.mktemp("vendor")).prepare()
    return Vendor(modules_warehouse, home, folder).add().read()


def test_of_a_members_words_one_grants_some_say_nothing_and_all_others_deny(landed):
    said = {one["source_key"]: one for one in landed.staged("consent_events")}
    granted = said["l1|subscribed"]
    assert granted["status"] == "granted" and "confirmed_at" in granted and granted["stated_at"].isoformat() == "2026-01-01T10:00:00"  # fmt: skip
    for word in ("unsubscribed", "archived", "who_knows"):
        assert said[f"l1|{word}"]["status"] == "withdrawn" and said[f"l1|{word}"]["stated_at"].isoformat() == "2026-02-01T10:00:00"  # fmt: skip
    assert all("ignore" in said[f"l1|{word}"]["aside"] for word in ("cleaned", "pending", "transactional"))
    assert said["l1|imported"]["aside"] == "stated_at is missing"


def test_a_word_that_nobody_knows_denies_more_than_the_list(landed):
    said = {one["source_key"]: one["purpose"] for one in landed.staged("consent_events")}
    purposes = [said[f"l1|{word}"] for word in ("subscribed", "unsubscribed", "archived", "who_knows")]
    assert purposes == ["newsletter", "newsletter", "newsletter", "marketing"]
    reasons = [said[f"c{n}|l1|unsubscribed|unsubscribe"] for n in range(len(REASONS))]
    assert reasons == ["marketing", "marketing", "newsletter", "marketing", "marketing"]


def test_an_address_is_another_member_of_another_list(landed):
    said = {one["source_key"]: one["status"] for one in landed.staged("consent_events")}
    assert (said["l1|subscribed"], said["l2|subscribed"]) == ("granted", "withdrawn")


def test_what_was_sent_has_the_time_of_its_campaign(landed):
    events = {one["kind"]: one for one in landed.staged("email_events")}
    assert events["sent"]["occurred_at"].isoformat() == "2026-02-10T08:00:00" and "aside" not in events["opened"]
    assert events["sent"]["person_key"] == events["opened"]["person_key"] == "l1|subscribed"
    assert [one["name"] for one in landed.staged("campaigns")] == ["Spring"]
