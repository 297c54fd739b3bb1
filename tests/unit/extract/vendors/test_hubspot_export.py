"""HubSpot's exports of records: labels of properties, ids of several associations in one text, no consent but a refusal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.home import Home
from orchestration.proposals.recognised import recognised
from tests.unit.vendor_rows import Vendor, write_rows

CONTACTS = ["Record ID", "First Name", "Last Name", "Email", "Phone Number", "Contact owner", "Primary Associated Company ID", "Last Activity Date", "Lead Status", "Marketing contact status",
            "Create Date", "Last Modified Date", "Associated Company", "Associated Company IDs", "Postal Code", "Country/Region", "Job Title", "Unsubscribed from all email"]  # fmt: skip
COMPANIES = ["Record ID", "Company name", "Company owner", "Create Date", "Phone Number", "Last Activity Date", "City", "Country/Region", "Industry"]  # fmt: skip
DEALS = ["Record ID", "Deal Name", "Deal Stage", "Pipeline", "Close Date", "Create Date", "Deal owner", "Amount", "Currency", "Is Closed Won", "Is closed lost", "Associated Contact IDs", "Associated Company IDs"]  # fmt: skip


def contact(id, optout="", **more):
    return {"Record ID": id, "First Name": "Anna", "Email": f"{id}@example.com", "Create Date": "2025-02-01 09:30", "Unsubscribed from all email": optout, **more}  # fmt: skip


def deal(id, contacts, **more):
    return {"Record ID": id, "Deal Name": "Big one", "Deal Stage": "Proposal", "Amount": "15000.50", "Currency": "SEK", "Create Date": "2026-02-01 09:30", "Close Date": "2026-04-01 00:00",
            "Associated Contact IDs": contacts, "Associated Company IDs": "9001", **more}  # fmt: skip


@pytest.fixture(scope="module")
def crm(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hubspot")
    people = [contact("1", **{"Primary Associated Company ID": "9001", "Job Title": "Buyer"}), contact("2", "true"), contact("3", "false"), contact("4", "maybe")]  # fmt: skip
    write_rows(folder / "hubspot-crm-exports-all-contacts-2026-03-01.csv", people, CONTACTS)
    write_rows(folder / "hubspot-crm-exports-all-companies-2026-03-01.csv", [{"Record ID": "9001", "Company name": "Ek AB", "Industry": "RETAIL", "Country/Region": "Sweden"}], COMPANIES)  # fmt: skip
    deals = [
        deal("1", "1"), deal("2", "1;2"), deal("3", "2", **{"Is Closed Won": "true", "Is closed lost": "false"}), deal("4", "", **{"Is Closed Won": "false", "Is closed lost": "true", "Amount": ""}),
    ]  # fmt: skip
    write_rows(folder / "hubspot-crm-exports-all-deals-2026-03-01.csv", deals, DEALS)
    return Vendor(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder).add().read()


def test_contacts_and_companies_are_read_by_their_labels(crm):
    people = {one["source_key"]: one for one in crm.staged("people")}
    assert (people["1"]["company_key"], people["1"]["position"], people["1"]["created_at"].isoformat()) == ("9001", "Buyer", "2025-02-01T09:30:00")  # fmt: skip
    (company,) = crm.staged("companies")
    assert (company["source_key"], company["name"]) == ("9001", "Ek AB")


def test_who_unsubscribed_gets_nothing_and_nobody_else_has_said_anything(crm):
    said = {one["person_key"]: one for one in crm.staged("consent_events")}
    assert [(said[n]["status"], said[n]["purpose"], "aside" in said[n]) for n in "24"] == [
        ("withdrawn", "all", False)
    ] * 2
    assert all("ignore" in said[n]["aside"] for n in "13") and "granted" not in {
        one.get("status") for one in said.values()
    }


def test_a_deal_is_of_its_only_contact_and_closed_where_it_was_won_or_lost(crm):
    deals = {one["source_key"]: one for one in crm.staged("deals") if "aside" not in one}
    assert {n: one.get("person_key") for n, one in deals.items()} == {"1": "1", "2|shared": None, "3": "2", "4": None}
    assert {n: (one.get("amount"), one.get("is_won"), "closed_at" in one) for n, one in deals.items()} == {
        "1": (Decimal("15000.50"), None, False), "2|shared": (Decimal("15000.50"), None, False), "3": (Decimal("15000.50"), True, True), "4": (None, False, True),
    }  # fmt: skip
    assert {one["company_key"] for one in deals.values()} == {"9001"}


def test_a_view_of_few_columns_is_known_and_a_table_of_somebody_else_is_not():
    few = recognised(["Record ID", "First Name", "Last Name", "Email", "Contact owner", "Create Date"])
    assert (few.vendor, few.form, few.table) == ("hubspot", "export", "contacts")
    assert recognised(["Record ID", "First Name", "Last Name", "Email"]) is None


TYPES = ["Opted out of email: Newsletter", "Opted out of email: Ämnen, övrigt"]


def test_who_opted_out_of_one_type_gets_no_email(home, warehouse, tmp_path):
    (tmp_path / "in").mkdir()
    people = [contact("1", **{TYPES[0]: "true"}), contact("2", "false", **{TYPES[1]: "Yes"}), contact("3", **{TYPES[0]: "false"})]  # fmt: skip
    write_rows(tmp_path / "in" / "contacts.csv", people, [*CONTACTS, *TYPES])
    crm = Vendor(warehouse, home, tmp_path / "in").add().read()
    said = {one["person_key"]: (one["status"], one["purpose"], one["channel"]) for one in crm.staged("consent_events") if "aside" not in one}  # fmt: skip
    assert said == dict.fromkeys("12", ("withdrawn", "all", "email"))


def test_a_type_that_came_later_is_told_and_the_file_not_read_before_it_is_named(home, warehouse, tmp_path):
    (tmp_path / "in").mkdir()
    write_rows(tmp_path / "in" / "contacts.csv", [contact("1")], [*CONTACTS, TYPES[0]])
    crm = Vendor(warehouse, home, tmp_path / "in").add().read()
    write_rows(tmp_path / "in" / "contacts.csv", [contact("1", **{TYPES[1]: "true"})], [*CONTACTS, *TYPES])
    with pytest.raises(SourceError, match="says who opted out, and is not read") as refused:
        crm.read()
    assert all(column in str(refused.value.to_do if hasattr(refused.value, "to_do") else refused.value) for column in TYPES)  # fmt: skip
