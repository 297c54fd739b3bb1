"""HubSpot's tables as Fivetran lands them: merged and archived records, associations, events of machines, from the files to staged rows."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from tests.unit.vendor_rows import Vendor, write_rows

SYNCED = {"_fivetran_synced": "2026-03-09 00:00:00"}


def contact(id, **more):
    return {"id": id, "property_email": f"{id}@example.com", "property_firstname": "Anna", "property_lastname": "Ek", "property_createdate": "2026-01-01 10:00:00",
            "property_hs_email_optout": "", "_fivetran_deleted": "FALSE", **SYNCED, **more}  # fmt: skip


def deal(id, stage, **more):
    return {"deal_id": id, "is_deleted": "false", "deal_pipeline_id": "p", "deal_pipeline_stage_id": stage, "property_amount": "100.00",
            "property_createdate": "2026-01-01 10:00:00", "property_closedate": "2026-05-01 10:00:00", **more}  # fmt: skip


def event(id, type, filtered="false"):
    return {"id": id, "type": type, "recipient": "1@example.com", "created": "2026-02-01 10:00:00", "email_campaign_id": "9", "filtered_event": filtered, "sent_by_id": "", **SYNCED}  # fmt: skip


@pytest.fixture(scope="module")
def crm(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hubspot")
    write_rows(folder / "contact.csv", [contact(1), contact(2), contact(3, _fivetran_deleted="TRUE"), contact(4, property_hs_email_optout="true"), contact(5, property_hs_email_optout="false")])  # fmt: skip
    write_rows(folder / "contact_merge_audit.csv", [{"canonical_vid": 1, "contact_id": 1, "vid_to_merge": 2, "timestamp": "2026-02-01 10:00:00", **SYNCED}])  # fmt: skip
    write_rows(folder / "company.csv", [{"id": 7, "is_deleted": "false", "property_name": "Ek AB", "property_createdate": "2026-01-01", "property_industry": "TRADE", "property_country": "Sweden", **SYNCED}])  # fmt: skip
    write_rows(folder / "deal.csv", [deal(11, "won"), deal(12, "lost"), deal(13, "open"), deal(14, "won", is_deleted="true"), deal(15, "won")])  # fmt: skip
    write_rows(folder / "deal_contact.csv", [{"contact_id": 1, "deal_id": 11, **SYNCED}])
    write_rows(folder / "deal_company.csv", [{"company_id": 7, "deal_id": 11}])
    stages = [("won", "TRUE", "TRUE"), ("lost", "FALSE", "TRUE"), ("open", "FALSE", "FALSE")]
    write_rows(folder / "deal_pipeline_stage.csv", [{"stage_id": id, "pipeline_id": "p", "label": id.title(), "closed_won": won, "is_closed": closed, "probability": "1", **SYNCED} for id, won, closed in stages])  # fmt: skip
    write_rows(folder / "merged_deal.csv", [{"deal_id": 11, "merged_deal_id": 15, **SYNCED}])
    write_rows(folder / "ticket.csv", [{"id": 21, "is_deleted": "FALSE", "property_createdate": "2026-02-01 10:00:00", "property_hs_pipeline_stage": "1", "property_subject": "x", **SYNCED}])  # fmt: skip
    write_rows(folder / "ticket_contact.csv", [{"ticket_id": 21, "contact_id": 1, **SYNCED}])
    events = [event("a", "OPEN"), event("b", "OPEN", "true"), event("c", "CLICK", "true"), event("d", "SPAMREPORT", "true"), event("e", "STATUSCHANGE"), event("f", "SENT", ""), event("g", "PROCESSED")]  # fmt: skip
    write_rows(folder / "email_event.csv", events)
    return Vendor(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder).add().read()


def by_key(rows):
    return {row["source_key"]: row for row in rows}


def test_merged_and_archived_records_are_left_out_and_counted(crm):
    people, deals = by_key(crm.staged("people")), by_key(crm.staged("deals"))
    left_out = "the mapping leaves it out (where)"
    assert [people[n].get("aside") for n in "1234"] == [None, left_out, left_out, None]
    assert [deals[n].get("aside") for n in ("11", "14", "15")] == [None, left_out, left_out]


def test_a_deal_has_the_person_company_and_stage_that_other_tables_say(crm):
    deals = by_key(crm.staged("deals"))
    assert (deals["11"]["person_key"], deals["11"]["company_key"], deals["11"]["stage"]) == ("1", "7", "Won")
    assert [(deals[n].get("is_won"), "closed_at" in deals[n]) for n in ("11", "12", "13")] == [(True, True), (False, True), (None, False)]  # fmt: skip
    assert crm.staged("tickets")[0]["person_key"] == "1" and crm.staged("companies")[0]["name"] == "Ek AB"


def test_who_opted_out_of_all_email_said_no_and_who_did_not_said_nothing(crm):
    said = {one["contact_point"]: one for one in crm.staged("consent_events")}
    out = said["4@example.com"]
    assert (out["status"], out["purpose"], "aside" in out) == ("withdrawn", "all", False)
    assert all("ignore" in said[f"{n}@example.com"]["aside"] for n in "15")


def test_opens_and_clicks_of_machines_are_left_out_and_refusals_never_are(crm):
    events = by_key(crm.staged("email_events"))
    assert [events[n].get("kind") for n in "adef"] == ["opened", "complained", "unsubscribed", "sent"]
    assert all("ignore" in events[n]["aside"] for n in "bcg") and not any("aside" in events[n] for n in "adef")


def test_rows_that_only_associate_are_found_by_their_person(crm):
    assert [person.key for person in crm.tables["deal_contact"].whose] == ["contact_id"]
    assert crm.tables["deal"].whose == [], "the deal's own row names nobody"


def test_who_opted_out_of_one_type_gets_no_email(home, warehouse, tmp_path):
    (tmp_path / "in").mkdir()
    kept = {"property_hs_email_optout_77": "", "property_hs_email_optout_78": "false"}
    write_rows(tmp_path / "in" / "contact.csv", [contact(1, **kept), contact(2, **kept | {"property_hs_email_optout_77": "true"})])  # fmt: skip
    crm = Vendor(warehouse, home, tmp_path / "in").add().read()
    said = [
        (one["person_key"], one["status"], one["purpose"]) for one in crm.staged("consent_events") if "aside" not in one
    ]
    assert said == [("2", "withdrawn", "all")]
