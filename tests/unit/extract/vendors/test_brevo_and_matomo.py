"""Brevo's export of contacts and Matomo's of the visits log, from the files to staged rows."""

from __future__ import annotations

from orchestration.proposals.recognised import recognised
from tests.unit.vendor_rows import Vendor

VISITS = ["idSite", "idVisit", "visitIp", "visitorId", "fingerprint", "type (actionDetails 0)", "url (actionDetails 0)", "goalConversions", "serverDate", "lastActionTimestamp",
          "serverTimestamp", "firstActionTimestamp", "userId", "visitorType", "visitConverted", "visitEcommerceStatus", "visitDuration", "searches", "actions", "referrerType", "referrerName",
          "referrerUrl", "countryCode", "city"]  # fmt: skip


def test_nobody_in_brevos_export_consents_and_who_is_blocked_gets_nothing(home, warehouse, tmp_path):
    folder = tmp_path / "brevo"
    folder.mkdir()
    (folder / "contacts export.csv").write_text(
        "CONTACT ID;EMAIL;LASTNAME;FIRSTNAME;WHATSAPP;SMS;DOUBLE_OPT-IN;OPT_IN;EXT_ID;JOB_TITLE;EMAIL_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n"
        "1;anna@example.com;Ek;Anna;;46701740605;1;true;;Buyer;No;18-06-2024;28-01-2026\n"
        "2;bo@example.com;Ek;Bo;;;;;;;Yes;19-06-2024;28-01-2026\n3;eva@example.com;;;;;;;;;perhaps;19-06-2024;28-01-2026\n"
    )
    shop = Vendor(warehouse, home, folder).add().read()
    people = {one["source_key"]: one for one in shop.staged("people")}
    anna = people["anna@example.com"]
    assert (anna["family_name"], anna["position"], anna["created_at"].isoformat()) == (
        "Ek",
        "Buyer",
        "2024-06-18T00:00:00",
    )
    said = {one["contact_point"]: one for one in shop.staged("consent_events")}
    assert "ignore" in said["anna@example.com"]["aside"]
    assert [(said[f"{who}@example.com"]["status"], said[f"{who}@example.com"]["purpose"]) for who in ("bo", "eva")] == [("withdrawn", "marketing")] * 2  # fmt: skip
    assert recognised(["EMAIL", "ADDED_TIME", "MODIFIED_TIME"]).vendor == "brevo"
    assert recognised(["ID", "Email", "Added_Time", "Modified_Time", "Added_User"]) is None, (
        "records of Zoho have such columns too"
    )


def test_who_is_blocked_from_texts_alone_gets_none(home, warehouse, tmp_path):
    (tmp_path / "brevo").mkdir()
    (tmp_path / "brevo" / "contacts.csv").write_text(
        "EMAIL;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n"
        "anna@example.com;46701740605;no;yes;18-06-2024;28-01-2026\nbo@example.com;46701740606;no;no;18-06-2024;28-01-2026\n"
    )
    shop = Vendor(warehouse, home, tmp_path / "brevo").add().read()
    said = [one for one in shop.staged("consent_events") if "aside" not in one]
    assert [(one["person_key"], one["channel"], one["status"]) for one in said] == [("anna@example.com", "sms", "withdrawn")]  # fmt: skip


def test_a_line_of_matomos_log_is_a_visit_of_a_browser(home, warehouse, tmp_path):
    def visit(id, **more):
        said = {"idSite": "1", "idVisit": id, "visitIp": "192.0.2.1", "visitorId": "a1b2", "firstActionTimestamp": "1772359200", "visitDuration": "61", "actions": "3", "referrerType": "direct",
                "visitEcommerceStatus": "none", "city": "Umeå", **more}  # fmt: skip
        return ",".join(said.get(name, "") for name in VISITS)

    folder = tmp_path / "matomo"
    folder.mkdir()
    visits = [visit("1"), visit("2", actions="1", referrerType="campaign", referrerName="spring"), visit("3", visitEcommerceStatus="orderedThenAbandonedCart", userId="17")]  # fmt: skip
    (folder / "Export _ Visits log _ March 1, 2026.csv").write_text("\n".join([",".join(VISITS), *visits, ""]), encoding="utf-16")  # fmt: skip
    shop = Vendor(warehouse, home, folder).add().read()
    found = {one["source_key"]: one for one in shop.staged("web_sessions")}
    first = found["1"]
    assert (first["started_at"].isoformat(), first["duration_seconds"], first["page_views"]) == (
        "2026-03-01T10:00:00",
        61,
        3,
    )
    assert (first["visitor_key"], first["is_bounce"], first["is_converted"], first.get("person_key")) == ("a1b2", False, False, None)  # fmt: skip
    assert (found["2"]["is_bounce"], found["2"]["campaign"], found["2"]["landing_channel"]) == (
        True,
        "spring",
        "campaign",
    )
    assert (found["3"]["is_converted"], found["3"]["person_key"], "campaign" in found["3"]) == (True, "17", False)
    assert not {"visitIp", "fingerprint", "city"} & {*shop.tables["visits"].columns}
