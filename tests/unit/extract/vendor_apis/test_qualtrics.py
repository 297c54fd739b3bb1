"""Qualtrics' API 3, answers specified after its public reference (List Surveys, List Distributions, List Distribution History, List Directories, List
Directory Contacts, Start Response Export, Get Response Export Progress, Get Response Export File). Not recorded."""

from __future__ import annotations

import json

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.home import Home
from orchestration.extract.budget import Budget
from orchestration.extract.extract import extract_source
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


def response(id, status=0, finished=1, at=DONE, **answers):
    values = {"startDate": SENT, "endDate": at, "status": status, "ipAddress": "203.0.113.7", "progress": 100, "duration": 30, "finished": finished, "recordedDate": at, "_recordId": id,
              "distributionChannel": "email", "userLanguage": "SV", **answers}  # fmt: skip
    return {"responseId": id, "values": values, "labels": {"status": "IP Address"}, "displayedFields": [*answers], "displayedValues": {}}  # fmt: skip


LATER = "2026-02-20T10:00:00Z"
RESPONSES = {
    "SV_1": [response("R_1", QID1=9, QID2=4, QID3_TEXT="late again"), response("R_2", finished=0, QID1=1), response("R_4", status=1, QID1=2), response("R_5", at=LATER, QID1=3, QID2="a lot of text")],
    "SV_2": [],
}  # fmt: skip
# what was asked for, in the order of it, and how often each file was asked about
EXPORTS: dict[str, tuple[str, dict]] = {}
POLLED: dict[str, int] = {}


def exported(asked, path):
    """A file of a survey's responses: begun, in the making when it is first asked about, then there."""
    _, survey, _, *rest = path.split("/")
    told = {"percentComplete": 0.0, "status": "inProgress"}
    if not rest:
        body = json.loads(asked.sent)
        assert (body["format"], body["compress"]) == ("json", False)
        progress = f"ES_{len(EXPORTS)}"
        EXPORTS[progress] = survey, body
        return {"result": told | {"progressId": progress}, "meta": {"httpStatus": "200 - OK"}}
    if rest[-1] != "file":
        POLLED[rest[0]] = POLLED.get(rest[0], 0) + 1
        done = {"fileId": f"{rest[0]}-def", "percentComplete": 100.0, "status": "complete"}
        return {"result": done if POLLED[rest[0]] > 1 else told, "meta": {"httpStatus": "200 - OK"}}
    survey, body = EXPORTS[rest[0].removesuffix("-def")]
    return {"responses": [one for one in RESPONSES[survey] if one["values"]["recordedDate"] >= body.get("startDate", "")]}  # fmt: skip


def answer(asked):
    """Rows at result.elements, the next page an address with a skipToken."""
    path = asked.path.removeprefix("/API/v3/")
    if "export-responses" in path:
        return exported(asked, path)
    found = ROWS[f"{path}?{asked.query['surveyId']}" if path == "distributions" else path]
    size, at = min(2, int(asked.query.get("pageSize", 2))), int(asked.query.get("skipToken", 0))
    further = f"{asked.path}?skipToken={at + size}&pageSize={size}" if at + size < len(found) else None
    return {"result": {"elements": found[at : at + size], "nextPage": further}, "meta": {"httpStatus": "200 - OK", "requestId": "1"}}  # fmt: skip


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("qualtrics")).prepare()
    refused = {"meta": {"httpStatus": "401 - Unauthorized", "error": {"errorMessage": "Unrecognized X-API-TOKEN."}}}
    api = VendorApi(answer, lambda asked: asked.headers.get("X-API-TOKEN") == "q1", (refused, 401, {}), too_many())
    tables = "".join(f"[sources.shop.tables.{name}]\n" for name in ("contacts", "invitations", "responses"))
    graded = 'nps = "values.QID1"\nanswers = { "values.QID2" = "How was the delivery?" }'
    with connected(modules_warehouse, home, api, "qualtrics", f"{AUTH}\n{tables}{graded}", below="/API/v3", QUALTRICS_TOKEN="q1") as read:  # fmt: skip
        yield read.read()


def test_contacts_of_each_directory_are_people_and_who_opted_out_denies(shop):
    assert {one["source_key"] for one in rows(shop, "people")} == {"CID_1", "CID_2", "CID_3"}
    (one,) = rows(shop, "consent_events")
    assert (one["person_key"], one["status"], one["purpose"], one["channel"], one["contact_point"]) == ("CID_2", "withdrawn", "all", "email", "c2@example.com")  # fmt: skip


def test_a_response_to_an_invitation_is_who_gave_it_when_and_what(shop):
    found = {one["source_key"]: one for one in rows(shop, "survey_responses")}
    assert {key: (one.get("person_key"), one["nps"]) for key, one in found.items()} == {"R_1": ("CID_1", 9), "R_5": (None, 3)}  # fmt: skip
    one = found["R_1"]
    assert (one["source_key"], one["person_key"], one["survey"]) == ("R_1", "CID_1", "After a purchase")
    assert (one["sent_at"].isoformat(), one["submitted_at"].isoformat()) == ("2026-02-01T10:00:00", "2026-02-02T10:00:00")  # fmt: skip


def test_grades_that_are_named_are_answers_and_no_word_of_anybody_is_kept(shop):
    assert [(one["response_key"], one["question"], one["answer_number"]) for one in rows(shop, "survey_answers")] == [("R_1", "How was the delivery?", 4.0)]  # fmt: skip
    kept = str(shop.con.execute("select list(r) from raw_shop.responses as r").fetchone())
    assert not [word for word in ("late again", "a lot of text", "203.0.113") if word in kept]


def test_a_file_is_waited_for_and_a_later_night_asks_for_what_was_recorded_since(shop):
    assert {*POLLED.values()} == {2}, "the first answer says that it is in the making"
    before = len(EXPORTS)
    shop.read()
    asked = [(survey, body.get("startDate")) for survey, body in EXPORTS.values()][before:]
    assert sorted(asked) == [("SV_1", "2026-02-19T10:00:00Z"), ("SV_2", "2026-02-19T10:00:00Z")]
    assert shop.con.execute("select count(*), count(distinct responseId) from raw_shop.responses").fetchone() == (4, 4)


def test_no_link_of_an_invitation_is_kept(shop):
    kept = str(shop.con.execute("select list(i) from raw_shop.invitations as i").fetchone())
    assert "secret" not in kept and "EMD_1" in kept


def test_a_look_at_the_first_rows_finds_nothing_wrong(shop):
    assert [one.found for one in first_rows("shop", shop.settings.sources["shop"], shop.settings.quality) if not one.is_ok] == []  # fmt: skip


def test_surveys_that_take_longer_than_the_source_may_are_told_with_how_far_it_came(warehouse, home):
    """The file of the survey that is asked for second is never made."""
    first, budget = f"ES_{len(EXPORTS)}", Budget("shop", 60)

    def stuck(asked):
        path = asked.path.removeprefix("/API/v3/")
        is_stuck = "export-responses/" in path and path.split("/")[3].removesuffix("-def") != first
        if not is_stuck:
            return answer(asked)
        # the hour is over
        budget._ends = 0
        return {"result": {"status": "inProgress", "percentComplete": 50.0}}

    api = VendorApi(stuck, lambda asked: True, ({}, 401, {}))
    tables = '[sources.shop.tables.responses]\nnps = "values.QID1"'
    with (
        connected(warehouse, home, api, "qualtrics", f"{AUTH}\n{tables}", below="/API/v3", QUALTRICS_TOKEN="q1") as read,
        pytest.raises(SourceError, match=r"1 answers of surveys/{survey_id}/export-responses had come and are not kept.*each row of surveys anew") as caught,
    ):  # fmt: skip
        extract_source(warehouse, home, read.settings, "shop", budget=budget)
    assert "for_each.only" in caught.value.to_do and "max_minutes" in caught.value.to_do
    assert warehouse.execute("select count(*) from raw_shop.responses").fetchall() == [(0,)]
