"""Responses of Typeform and Qualtrics: exports with a column for each question, and Typeform's nested answers as dlt lands them."""

from __future__ import annotations

import csv

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.extract.extract import prepare_raw
from orchestration.proposals.recognised import recognised
from tests.unit.vendor_rows import Vendor, write_rows

TYPEFORM = ["#", "Your name?", "How likely are you to recommend us?", "email", "Response Type", "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", "Network ID", "Tags", "Ending"]  # fmt: skip
QUALTRICS = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate", "ResponseId", "RecipientLastName", "RecipientFirstName",
             "RecipientEmail", "ExternalReference", "LocationLatitude", "LocationLongitude", "DistributionChannel", "UserLanguage", "Q1", "Q2_NPS_GROUP"]  # fmt: skip


def answered(token, kind="completed", email="anna@example.com", submitted="2026-02-01 10:04:00"):
    return {"#": token, "Your name?": "Anna Ek", "email": email, "Response Type": kind, "Start Date (UTC)": "2026-02-01 10:00:00", "Submit Date (UTC)": submitted, "Network ID": "938f4331f1"}  # fmt: skip


def test_typeforms_completed_responses_count_and_no_question_is_read(home, warehouse, tmp_path):
    folder = tmp_path / "typeform"
    rows = [answered("t1"), answered("t2", "partial", submitted=""), answered("t3", "started", submitted=""), answered("t4", email="")]  # fmt: skip
    write_rows(folder / "responses-AbC123xy-01HQ-9Z.csv", rows, TYPEFORM)
    shop = Vendor(warehouse, home, folder).add().read()
    responses = shop.kept("survey_responses")
    assert {n: (one.get("person_key"), one["survey"]) for n, one in responses.items()} == {
        "t1": ("anna@example.com", "AbC123xy"), "t4": (None, "AbC123xy"),
    }  # fmt: skip
    assert responses["t1"]["submitted_at"].isoformat() == "2026-02-01T10:04:00"
    assert [one["email"] for one in shop.staged("people") if "aside" not in one] == ["anna@example.com"]
    kept = {name for (name,) in warehouse.execute("select column_name from (describe raw_shop.responses)").fetchall()}
    assert not kept & {"Your name?", "Network ID", "How likely are you to recommend us?"}


def test_a_form_without_a_hidden_address_and_an_older_export_are_known():
    older = recognised(["#", "Where do you live?", "Start Date (UTC)", "Submit Date (UTC)", "Network ID"])
    assert (older.vendor, older.lacks) == ("typeform", ("Response Type", "email"))


def test_of_typeforms_answers_grades_are_read_and_a_recommendation_is_an_nps(home, warehouse, tmp_path):
    folder, dlt = tmp_path / "typeform", {"_dlt_load_id": "1"}
    response = {"landing_id": "L", "token": "T", "response_type": "completed", "landed_at": "2026-02-01T10:00:00Z", "hidden__email": "anna@example.com", "_forms_title": "After a purchase", **dlt}  # fmt: skip
    rows = [("R1", "d1", "2026-02-01T10:04:00Z"), ("R2", "d2", "0001-01-01T00:00:00Z")]
    write_rows(folder / "responses.csv", [response | {"response_id": id, "_dlt_id": of, "submitted_at": at} for id, of, at in rows])  # fmt: skip
    answer = {"field__id": "f", "type": "number", "_dlt_parent_id": "d1", "text": ""}
    said = [
        ("nps", "9", ""),
        ("rating", "4", ""),
        ("short_text", "", "Anna Ek, 070-1740605"),
        ("number", "19850101", ""),
    ]
    write_rows(folder / "responses__answers.csv", [answer | {"_dlt_id": f"a{n}", "_dlt_list_idx": n, "field__type": kind, "field__ref": kind, "number": number, "text": text} for n, (kind, number, text) in enumerate(said)])  # fmt: skip
    shop = Vendor(warehouse, home, folder).add().read()
    (one,) = shop.kept("survey_responses").values()
    assert (one["source_key"], one["nps"], one["survey"], one["person_key"]) == ("R1", 9, "After a purchase", "anna@example.com")  # fmt: skip
    answers = shop.kept("survey_answers")
    assert {one["question"]: (one["answer_number"], one["response_key"]) for one in answers.values()} == {"nps": (9.0, "R1"), "rating": (4.0, "R1")}  # fmt: skip
    held = warehouse.execute("select number from raw_shop.answers where field__type = 'number'").fetchall()
    assert held == [(None,)], "what somebody typed is no grade"
    assert "text" not in shop.tables["answers"].columns


def qualtrics(id, status="IP Address", finished="True", email="anna@example.com"):
    said = {"StartDate": "2026-02-01 10:00:00", "Status": status, "Finished": finished, "RecordedDate": "2026-02-01 10:04:01", "ResponseId": id, "RecipientEmail": email}  # fmt: skip
    return [{**said, "RecipientFirstName": "Anna", "DistributionChannel": "email", "Q1": "I was ill"}.get(name, "") for name in QUALTRICS]  # fmt: skip


def test_the_three_lines_above_qualtrics_responses_are_none_of_them(home, warehouse, tmp_path):
    folder = tmp_path / "qualtrics"
    folder.mkdir()
    texts = ["Start Date", "End Date", "Response Type", "IP Address", "Progress", "Duration (in seconds)", "Finished", "Recorded Date", "Response ID", "Recipient Last Name", "Recipient First Name",
             "Recipient Email", "External Data Reference", "Location Latitude", "Location Longitude", "Distribution Channel", "User Language", "How are\nyou?", "Group"]  # fmt: skip
    ids = [f'{{"ImportId":"{name}","timeZone":"Europe/Stockholm"}}' for name in QUALTRICS]
    rows = [
        qualtrics("R_1"), qualtrics("R_2", "Survey Preview"), qualtrics("R_3", finished="False"), qualtrics("R_4", "0", "1", ""), qualtrics("R_5", "8", "1"),
        qualtrics("R_6", "Survey Test"), qualtrics("R_7", "Offline"),
    ]  # fmt: skip
    with (folder / "After+a+purchase_March+1,+2026_10.12.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([QUALTRICS, texts, ids, *rows])
    shop = Vendor(warehouse, home, folder).add().read()
    responses = shop.kept("survey_responses")
    assert responses.keys() == {"R_1", "R_4", "R_7"} and responses["R_1"]["survey"] == "After a purchase"
    assert (responses["R_1"]["person_key"], responses["R_4"].get("person_key")) == ("anna@example.com", None)
    assert [one["email"] for one in shop.staged("people") if "aside" not in one] == ["anna@example.com"]
    assert "Q1" not in shop.tables["responses"].columns
    assert warehouse.execute("select sum(rejected) from ops.loads").fetchall() == [(0,)]


def naming(shop, said):
    """The same source, of whose responses `said` names answers."""
    config = shop.home.root / "kundbild.toml"
    table = "[sources.shop.tables.responses]\n"
    config.write_text(config.read_text().replace(table, f"{table}{said}\n"))
    shop.settings = load_settings(config)
    prepare_raw(shop.con, shop.settings)
    return shop.read()


def test_answers_that_a_company_names_are_rows_of_their_question_and_what_people_wrote_is_none(
    home, warehouse, tmp_path
):
    folder, liked = tmp_path / "typeform", "How likely are you to recommend us?"
    rows = [answered("t1") | {liked: "9"}, answered("t2") | {liked: ""}, answered("t3") | {liked: "0701740605"}]
    partial = answered("t4", "partial", submitted="") | {liked: "1"}
    write_rows(folder / "responses-AbC123xy-01HQ-9Z.csv", [*rows, partial], TYPEFORM)
    shop = naming(Vendor(warehouse, home, folder).add(), f'nps = "{liked}"\nanswers = ["{liked}"]')
    answers = [one for one in shop.staged("survey_answers") if "aside" not in one]
    assert [(a["response_key"], a["question"], a["answer_number"]) for a in answers] == [("t1", liked, 9.0)]
    responses = shop.kept("survey_responses")
    assert {key: one.get("nps") for key, one in responses.items()} == {"t1": 9, "t2": None, "t3": None}
    assert warehouse.execute(f'select "{liked}" from raw_shop.responses where "#" = \'t3\'').fetchall() == [(None,)]


def test_of_qualtrics_columns_a_company_says_what_was_asked_and_no_answer_of_a_special_category_is_read(
    home, warehouse, tmp_path
):
    folder = tmp_path / "qualtrics"
    folder.mkdir()
    header = [*QUALTRICS, "Q3"]
    ids = [f'{{"ImportId":"{name}"}}' for name in header]
    rows = [
        header,
        [*QUALTRICS, "How was the delivery?"],
        ids,
        [*qualtrics("R_1"), "4"],
        [*qualtrics("R_2", "Spam"), "1"],
    ]
    with (folder / "Delivery.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)
    shop = Vendor(warehouse, home, folder).add()
    with pytest.raises(ConfigurationError, match="special category"):
        naming(shop, 'answers = { Q1 = "Do you have any allergies?" }')
    (home.root / "kundbild.toml").unlink()
    naming(shop.add(), 'answers = { Q3 = "How was the delivery?" }')
    answers = [one for one in shop.staged("survey_answers") if "aside" not in one]
    assert [(a["response_key"], a["question"], a["answer_number"]) for a in answers] == [
        ("R_1", "How was the delivery?", 4.0)
    ]
    assert "Q1" not in shop.tables["responses"].columns
