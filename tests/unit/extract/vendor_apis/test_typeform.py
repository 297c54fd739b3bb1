"""Typeform's APIs, answers specified after its developer documentation (Retrieve forms, Retrieve responses). Not recorded."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from orchestration.run.first_rows import first_rows
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

FORMS = [{"id": "AbC", "type": "quiz", "title": "After a purchase", "_links": {}}, {"id": "Xyz", "type": "quiz", "title": "Empty", "_links": {}}]  # fmt: skip
REFUSED = {"code": "AUTHENTICATION_FAILED", "description": "Authentication credentials not found on the Request Headers"}  # fmt: skip


def grade(id, kind, number):
    return {"field": {"id": id, "type": kind, "ref": f"ref-{id}"}, "type": "number", "number": number}


def response(n, *answers, email=None, day=1, kind="completed"):
    said = {"response_id": f"R{n}", "token": f"T{n}", "landing_id": f"T{n}", "response_type": kind, "landed_at": f"2026-02-{day:02d}T10:00:00Z", "submitted_at": f"2026-02-{day:02d}T10:04:00Z",
            "metadata": {"user_agent": "Mozilla", "network_id": "938f4331f1"}, "hidden": {"email": email} if email else {}, "calculated": {"score": 0}, "answers": [*answers]}  # fmt: skip
    return said


WRITTEN = {"field": {"id": "w", "type": "short_text", "ref": "name"}, "type": "text", "text": "Anna Ek, 070-1740605"}
RESPONSES = [response(n, grade("n", "nps", n), grade("r", "rating", 4), WRITTEN, email="anna@example.com" if n < 3 else None, day=n) for n in range(1, 6)]  # fmt: skip


def answer(asked):
    """Forms by number, of at most 200; responses newest first, those before a token; a page of so many as were asked for, here of at most two."""
    if asked.path == "/forms":
        page = int(asked.query["page"])
        assert int(asked.query["page_size"]) <= 200 and page <= 2
        return {"total_items": 2, "page_count": 2, "items": FORMS[page - 1 : page]}
    found = RESPONSES[::-1] if asked.path == "/forms/AbC/responses" else []
    if since := asked.query.get("since"):
        found = [one for one in found if one["submitted_at"] >= f"{since}Z"]
    assert asked.query["page_size"] == "1000"
    if before := asked.query.get("before"):
        found = found[[one["token"] for one in found].index(before) + 1 :]
    return {"total_items": len(RESPONSES), "page_count": 3, "items": found[:2]}


@pytest.fixture(scope="module")
def api():
    return VendorApi(answer, lambda asked: asked.headers.get("Authorization") == "Bearer tfp_1", (REFUSED, 401, {}), too_many())  # fmt: skip


@pytest.fixture(scope="module")
def shop(api, modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("typeform")).prepare()
    with connected(modules_warehouse, home, api, "typeform", "", 'token = "${TYPEFORM_TOKEN}"', TYPEFORM_TOKEN="tfp_1") as read:  # fmt: skip
        yield read.read()


def test_all_responses_of_all_forms_are_read_and_a_recommendation_is_an_nps(shop):
    found = {one["source_key"]: (one.get("nps"), one.get("person_key"), one["survey"]) for one in rows(shop, "survey_responses")}  # fmt: skip
    assert found == {f"R{n}": (n, "anna@example.com" if n < 3 else None, "After a purchase") for n in range(1, 6)}
    assert [one["email"] for one in rows(shop, "people")] == ["anna@example.com"]


def test_of_the_answers_grades_are_read_and_what_somebody_wrote_is_not(shop):
    answers = rows(shop, "survey_answers")
    assert sorted((one["response_key"], one["question"], one["answer_number"]) for one in answers)[:2] == [("R1", "ref-n", 1.0), ("R1", "ref-r", 4.0)]  # fmt: skip
    assert len(answers) == 10
    kept = "".join(str(shop.con.execute(f"select list(t) from raw_shop.{name} as t").fetchone()) for name in ("responses", "answers"))  # fmt: skip
    assert "070" not in kept and "938f" not in kept and "R1" in kept


def test_a_second_night_asks_each_form_since_the_newest(shop, api):
    before = len(api.asked)
    shop.read()
    assert {one.query.get("since") for one in api.asked[before:] if one.path != "/forms"} == {"2026-02-04T10:04:00"}


def test_a_look_at_the_first_rows_finds_nothing_wrong(shop):
    assert [one.found for one in first_rows("shop", shop.settings.sources["shop"], shop.settings.quality) if not one.is_ok] == []  # fmt: skip
