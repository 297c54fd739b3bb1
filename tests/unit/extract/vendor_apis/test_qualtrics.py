"""Qualtrics' API 3, answers specified after its public reference (List Surveys, List Distributions, List Distribution History, List Directories, List
Directory Contacts). Not recorded."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from orchestration.run.first_rows import first_rows
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

AUTH = '[sources.shop.auth]\ntype = "api_key"\nname = "X-API-TOKEN"\nkey = "${QUALTRICS_TOKEN}"'
SENT, DONE = "2026-02-01T10:00:00Z", "2026-02-02T10:00:00Z"


def contact(n, out=False):
    return {"contactId": f"CID_{n}", "firstName": "Anna", "lastName": "Ek", "email": f"c{n}@example.com", "phone": None, "extRef": None, "language": "sv", "unsubscribed": out}  # fmt: skip


def invited(n, response=None, done=None):
    return {"contactId": f"CID_{n}", "contactLookupId": f"CGC_{n}", "distributionId": "EMD_1", "status": "Success", "surveyLink": "https://fra1.example/jfe/form/SV_1?Q_DL=secret", "surveySessionId": "FS_1",
            "responseId": response, "responseStartedAt": done, "responseCompletedAt": done, "sentAt": SENT, "openedAt": None}  # fmt: skip


ROWS = {
    "directories": [{"directoryId": "POOL_1", "name": "All", "contactCount": 3, "isDefault": True}],
    "directories/POOL_1/contacts": [contact(1), contact(2, out=True), contact(3)],
    "surveys": [{"id": "SV_1", "name": "After a purchase", "isActive": True}, {"id": "SV_2", "name": "Never sent", "isActive": False}],
    "distributions?SV_1": [{"id": "EMD_1", "requestType": "Invite", "surveyLink": {"surveyId": "SV_1"}}], "distributions?SV_2": [],
    "distributions/EMD_1/history": [invited(1, "R_1", DONE), invited(2, "R_2"), invited(3)],
}  # fmt: skip


def answer(asked):
    """Rows at result.elements, the next page an address with a skipToken."""
    path = asked.path.removeprefix("/API/v3/")
    found = ROWS[f"{path}?{asked.query['surveyId']}" if path == "distributions" else path]
    size, at = min(2, int(asked.query.get("pageSize", 2))), int(asked.query.get("skipToken", 0))
    further = f"{asked.path}?skipToken={at + size}&pageSize={size}" if at + size < len(found) else None
    return {"result": {"elements": found[at : at + size], "nextPage": further}, "meta": {"httpStatus": "200 - OK", "requestId": "1"}}  # fmt: skip


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("qualtrics")).prepare()
    refused = {"meta": {"httpStatus": "401 - Unauthorized", "error": {"errorMessage": "Unrecognized X-API-TOKEN."}}}
    api = VendorApi(answer, lambda asked: asked.headers.get("X-API-TOKEN") == "q1", (refused, 401, {}), too_many())
    with connected(modules_warehouse, home, api, "qualtrics", AUTH, below="/API/v3", QUALTRICS_TOKEN="q1") as read:
        yield read.read()


def test_contacts_of_each_directory_are_people_and_who_opted_out_denies(shop):
    assert {one["source_key"] for one in rows(shop, "people")} == {"CID_1", "CID_2", "CID_3"}
    (one,) = rows(shop, "consent_events")
    assert (one["person_key"], one["status"], one["purpose"], one["channel"], one["contact_point"]) == ("CID_2", "withdrawn", "all", "email", "c2@example.com")  # fmt: skip


def test_a_response_to_an_invitation_is_who_gave_it_and_when(shop):
    (one,) = rows(shop, "survey_responses")
    assert (one["source_key"], one["person_key"], one["survey"]) == ("R_1", "CID_1", "After a purchase")
    assert (one["sent_at"].isoformat(), one["submitted_at"].isoformat()) == ("2026-02-01T10:00:00", "2026-02-02T10:00:00")  # fmt: skip


def test_no_link_of_an_invitation_is_kept(shop):
    kept = str(shop.con.execute("select list(i) from raw_shop.invitations as i").fetchone())
    assert "secret" not in kept and "EMD_1" in kept


def test_a_look_at_the_first_rows_finds_nothing_wrong(shop):
    assert [one.found for one in first_rows("shop", shop.settings.sources["shop"], shop.settings.quality) if not one.is_ok] == []  # fmt: skip
