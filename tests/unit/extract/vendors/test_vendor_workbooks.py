"""Exports of vendors that give Excel workbooks too, as Meta, HubSpot and Qualtrics do: recognised by the header of the sheet."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from tests.unit.vendor_rows import Vendor
from tests.unit.workbooks import write_workbook


def test_a_workbook_of_ads_is_spend_of_the_sheet(home, warehouse, tmp_path):
    folder = tmp_path / "ads"
    folder.mkdir()
    header = ["Campaign name", "Campaign ID", "Day", "Reach", "Amount spent (SEK)", "Impressions", "Link clicks", "Reporting starts", "Reporting ends"]  # fmt: skip
    rows = [["Spring", "120210000000000001", date(2026, 3, 1), 40, 100.5, 4123, 65, date(2026, 3, 1), date(2026, 3, 2)], [None, None, None, None, 100.5, 4123, 65, None, None]]  # fmt: skip
    write_workbook(folder / "Untitled-report.xlsx", {"Raw Data Report": [header, *rows]})
    shop = Vendor(warehouse, home, folder).add().read()
    (one,) = [one for one in shop.staged("ad_spend") if "aside" not in one]
    assert (str(one["spend_on"]), one["spend"], one["currency"], one["impressions"]) == ("2026-03-01", Decimal("100.50"), "SEK", 4123)  # fmt: skip


def test_a_workbook_of_contacts_has_times_and_no_fractions_of_ids(home, warehouse, tmp_path):
    folder = tmp_path / "crm"
    folder.mkdir()
    header = [
        "Record ID",
        "First Name",
        "Last Name",
        "Email",
        "Contact owner",
        "Create Date",
        "Unsubscribed from all email",
    ]
    rows = [[8001, "Anna", "Ek", "anna@example.com", None, datetime(2025, 2, 1, 9, 30), True], [8002, "Bo", "Ek", "bo@example.com", None, datetime(2025, 2, 1, 9, 30), False]]  # fmt: skip
    write_workbook(folder / "hubspot-crm-exports-contacts.xlsx", {"contacts": [header, *rows]})
    shop = Vendor(warehouse, home, folder).add().read()
    people = {one["source_key"]: one for one in shop.staged("people")}
    assert people.keys() == {"8001", "8002"} and people["8001"]["created_at"].isoformat() == "2025-02-01T09:30:00"
    said = {one["person_key"]: one for one in shop.staged("consent_events")}
    assert (said["8001"]["status"], "aside" in said["8001"], "aside" in said["8002"]) == ("withdrawn", False, True)


def test_a_workbook_of_responses_has_lines_of_labels_too(home, warehouse, tmp_path):
    folder = tmp_path / "survey"
    folder.mkdir()
    header = ["StartDate", "EndDate", "Status", "Progress", "Finished", "RecordedDate", "ResponseId", "RecipientEmail", "DistributionChannel", "Q1"]  # fmt: skip
    labels = ["Start Date", "End Date", "Response Type", "Progress", "Finished", "Recorded Date", "Response ID", "Recipient Email", "Distribution Channel", "How was it?"]  # fmt: skip
    row = [datetime(2026, 2, 1, 10), datetime(2026, 2, 1, 10, 4), "IP Address", 100, True, datetime(2026, 2, 1, 10, 4, 1), "R_1", "anna@example.com", "email", 9]  # fmt: skip
    write_workbook(folder / "After a purchase_March 1, 2026_10.12.xlsx", {"Sheet0": [header, labels, row]})
    shop = Vendor(warehouse, home, folder).add().read()
    (one,) = [one for one in shop.staged("survey_responses") if "aside" not in one]
    assert (one["source_key"], one["survey"], one["submitted_at"].isoformat()) == ("R_1", "After a purchase", "2026-02-01T10:04:01")  # fmt: skip
