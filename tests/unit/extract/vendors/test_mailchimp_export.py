"""Mailchimp's export of an audience: what each file says of its contacts, and what it does not, from the files to staged rows."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from orchestration.run.first_rows import first_rows
from tests.unit.vendor_rows import Vendor, write_rows

MEMBER = ["Email Address", "First Name", "Last Name", "MEMBER_RATING", "OPTIN_TIME", "OPTIN_IP", "CONFIRM_TIME", "CONFIRM_IP", "CC", "LAST_CHANGED", "LEID", "EUID", "NOTES", "TAGS"]  # fmt: skip
UNSUBSCRIBED = [
    *MEMBER,
    "UNSUB_TIME",
    "UNSUB_CAMPAIGN_TITLE",
    "UNSUB_CAMPAIGN_ID",
    "UNSUB_REASON",
    "UNSUB_REASON_OTHER",
]
CLEANED = [*MEMBER, "CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID"]
# as Mailchimp's page of unsubscribing asks; what is marked to be reported, never asked for or written freely may be of more than the list
REASONS = {
    "14": "I no longer want to receive these emails", "15": "The emails are spam and should be reported",
    "16": "I never signed up for this mailing list", "17": "Other (fill in reason below)", "18": "N/A (Unsubscribed by an admin)", "19": "",
}  # fmt: skip


def contact(leid, optin="2026-01-01 10:00:00", confirm="2026-01-01 10:05:00", **more):
    return {"Email Address": f"{leid}@example.com", "First Name": "Anna", "MEMBER_RATING": "4", "OPTIN_TIME": optin, "CONFIRM_TIME": confirm, "CC": "SE",
            "LAST_CHANGED": "2026-02-01 10:00:00", "LEID": leid, "NOTES": "rang on Monday", **more}  # fmt: skip


def by_key(rows):
    return {row["source_key"].partition("|unsub")[0].partition("|archived")[0]: row for row in rows}


@pytest.fixture(scope="module")
def audience(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("audience")
    subscribed = [contact("1"), contact("2", confirm="2026-01-01 10:00:00"), contact("3", optin="", confirm="2026-01-05 09:00:00"), contact("4")]  # fmt: skip
    write_rows(folder / "subscribed_members_export_a1.csv", subscribed, MEMBER)
    left = [contact("11", UNSUB_TIME="2026-02-02 10:00:00", UNSUB_REASON="NORMAL"), contact("12", UNSUB_TIME="2026-02-02 10:00:00", UNSUB_REASON="SPAM"), contact("13"),
            *(contact(n, UNSUB_TIME="2026-02-02 10:00:00", UNSUB_REASON=why) for n, why in REASONS.items())]  # fmt: skip
    write_rows(folder / "unsubscribed_members_export_a1.csv", left, UNSUBSCRIBED)
    write_rows(folder / "cleaned_members_export_a1.csv", [contact("21", CLEAN_TIME="2026-02-03 10:00:00", CLEAN_CAMPAIGN_ID="c9")], CLEANED)  # fmt: skip
    write_rows(folder / "nonsubscribed_members_export_a1.csv", [contact("31")], MEMBER)
    write_rows(folder / "archived_members_export_a1.csv", [contact("41")], MEMBER)
    home = Home(tmp_path_factory.mktemp("vendor")).prepare()
    found = Vendor(modules_warehouse, home, folder).add('wording = "2026-01"').read()
    # the next export: who is not in a file any more has gone from its list
    write_rows(folder / "subscribed_members_export_b2.csv", subscribed[:3], MEMBER)
    return found.read()


def test_the_files_of_an_audience_are_told_apart_by_their_names_where_their_headers_are_alike(audience):
    assert audience.tables.keys() == {"subscribed", "unsubscribed", "cleaned", "nonsubscribed", "archived"}
    assert "NOTES" not in audience.tables["subscribed"].columns
    assert len(by_key(audience.staged("people"))) == 16


def test_a_sign_up_is_confirmed_by_a_second_step_alone_and_an_import_has_no_time(audience):
    said = by_key(audience.staged("consent_events"))
    assert (said["1"]["status"], said["1"]["wording_version"]) == ("granted", "2026-01") and "confirmed_at" in said["1"]
    assert "confirmed_at" not in said["2"] and said["2"]["stated_at"].isoformat() == "2026-01-01T10:00:00"
    assert said["3"]["aside"] == "stated_at is missing"


def test_who_left_the_list_is_gone_from_it_and_the_grant_with_it(audience):
    assert audience.con.execute("select count(*) from raw_shop.subscribed where _deleted_at is not null").fetchall() == [(1,)]  # fmt: skip


def test_an_unsubscription_is_of_the_list_and_a_complaint_of_all(audience):
    said = by_key(audience.staged("consent_events"))
    assert [(said[n]["status"], said[n]["purpose"]) for n in ("11", "12")] == [("withdrawn", "newsletter"), ("withdrawn", "marketing")]  # fmt: skip
    purposes = {n: said[n]["purpose"] for n in REASONS}
    assert purposes == {
        "14": "newsletter",
        "15": "marketing",
        "16": "marketing",
        "17": "marketing",
        "18": "newsletter",
        "19": "marketing",
    }
    # nobody is set aside for the reason that they did not give
    told = first_rows("shop", audience.settings.sources["shop"], audience.settings.quality)
    assert not [one.found for one in told if "purpose" in one.found]
    assert "stated_at" in said["13"], "without a time it stands from when it was first known"


def test_cleaned_is_a_bounce_and_no_withdrawal_and_archived_is_one(audience):
    said = by_key(audience.staged("consent_events"))
    assert "21" not in said and "31" not in said and said["41"]["status"] == "withdrawn"
    (event,) = audience.staged("email_events")
    assert (event["kind"], event["campaign_key"]) == ("bounced", "c9") and "aside" not in event


def test_a_rating_is_an_attribute(audience):
    rated = [one for one in audience.staged("person_attributes") if one["source_key"].startswith("1")]
    assert rated[0]["value"] == "4" and rated[0]["name"] == "mailchimp_member_rating"
