"""Qualtrics' tables as Fivetran lands them, and Google Ads' report of campaigns: from the files to staged rows."""

from __future__ import annotations

from decimal import Decimal

from orchestration.proposals.recognised import recognised
from tests.unit.vendor_rows import Vendor, write_rows

SYNCED = {"_fivetran_synced": "2026-03-09 00:00:00"}


def response(id, status=0, finished=1):
    return {"id": id, "survey_id": "SV1", "recorded_date": "2026-02-01 10:00:00", "finished": finished, "status": status, "recipient_email": "anna@example.com",
            "recipient_first_name": "Anna", "duration_in_seconds": 9, **SYNCED}  # fmt: skip


def answer(id, response_id, question="Where did you buy?", **more):
    return {"_fivetran_id": id, "response_id": response_id, "question_id": "Q1", "question": question, "text": "In the shop", "value": "2", "sub_question_key": "", **SYNCED, **more}  # fmt: skip


def test_only_finished_answers_of_customers_count_and_who_opted_out_gets_nothing(home, warehouse, tmp_path):
    folder = tmp_path / "qualtrics"
    write_rows(folder / "survey_response.csv", [response("R1"), response("R2", status=1), response("R3", finished=0)])
    write_rows(folder / "survey.csv", [{"id": "SV1", "survey_name": "After a purchase", "survey_status": "Active", "brand_id": "b", **SYNCED}])  # fmt: skip
    write_rows(folder / "question_response.csv", [answer("a1", "R1"), answer("a2", "R2"), answer("a3", "R1", value="yes")])  # fmt: skip
    contact = {"directory_id": "P", "email": "anna@example.com", "first_name": "Anna", "directory_unsubscribed": "false", "directory_unsubscribe_date": "", **SYNCED}  # fmt: skip
    write_rows(folder / "directory_contact.csv", [contact | {"id": "C1"}, contact | {"id": "C2", "directory_unsubscribed": "true", "directory_unsubscribe_date": "2026-02-03 10:00:00"}])  # fmt: skip
    shop = Vendor(warehouse, home, folder).add().read()
    responses = {one["source_key"]: one for one in shop.staged("survey_responses")}
    assert (responses["R1"]["survey"], responses["R1"]["person_key"]) == ("After a purchase", "anna@example.com")
    assert [responses[n].get("aside") for n in ("R1", "R2", "R3")] == [None, *["the mapping leaves it out (where)"] * 2]
    answers = {one["source_key"]: one for one in shop.staged("survey_answers")}
    assert (answers["a1"]["answer_number"], "aside" in answers["a2"], "aside" in answers["a3"]) == (2.0, True, True)
    assert "text" not in shop.tables["question_response"].columns, "no erasure would find what somebody wrote"
    said = {one["person_key"]: one for one in shop.staged("consent_events")}
    assert (said["C2"]["status"], said["C2"]["purpose"]) == ("withdrawn", "all") and "ignore" in said["C1"]["aside"]


def test_what_somebody_wrote_for_an_answer_is_not_in_raw(home, warehouse, tmp_path):
    """A row of an answer names nobody: no erasure would find it, and a number that was typed is no grade."""
    folder = tmp_path / "qualtrics"
    write_rows(folder / "survey_response.csv", [response("R1")])
    written = ["0701740605", "Anna Ek, anna@example.com", "19850101", "11122", "I was diagnosed with diabetes"]
    answers = [answer(f"w{n}", "R1", value=value) for n, value in enumerate(written)]
    kept = [answer(f"k{n}", "R1", value=value) for n, value in enumerate(["2", "-1", "10", "100", "4.5"])]
    asked = [answer("s1", "R1", question="Do you have diabetes?", value="1")]
    write_rows(folder / "question_response.csv", [*answers, *kept, *asked])
    shop = Vendor(warehouse, home, folder).add().read()
    held = dict(warehouse.execute("select _fivetran_id, value from raw_shop.question_response").fetchall())
    assert {held[f"w{n}"] for n in range(len(written))} == {None} and held["s1"] is None
    assert [held[f"k{n}"] for n in range(len(kept))] == ["2", "-1", "10", "100", "4.5"]
    staged = {one["source_key"]: one.get("answer_number") for one in shop.staged("survey_answers")}
    assert staged["w0"] is None and staged["k0"] == 2.0
    counted = warehouse.execute("select category, removed from ops.removed_values where column_name = 'value' order by all").fetchall()  # fmt: skip
    assert counted == [("health", 1), ("written by a person", 5)]
    # another night writes one anew
    write_rows(folder / "question_response.csv", [*answers, *kept, *asked, answer("w9", "R1", value="Bo Ek")])
    shop.read()
    assert warehouse.execute("select value from raw_shop.question_response where _fivetran_id = 'w9'").fetchall() == [(None,)]  # fmt: skip


def test_a_report_of_campaigns_by_day_is_spend_without_its_lines_of_totals(home, warehouse, tmp_path):
    folder = tmp_path / "ads"
    folder.mkdir()
    (folder / "Campaign report.csv").write_text(
        'Campaign report\n"March 1, 2026 - March 2, 2026"\nDay,Campaign,Campaign ID,Currency code,Cost,Impr.,Clicks,Conversions\n'
        '2026-03-01,Brand,111,SEK,"1,204.50","48,210",193,9.00\n2026-03-02,Brand,111,SEK,10.00,100,10,1.00\n'
        'Total: Account,--,--,SEK,"1,214.50","48,310",203,10.00\n'
    )
    shop = Vendor(warehouse, home, folder).add().read()
    spent = [one for one in shop.staged("ad_spend") if "aside" not in one]
    assert [(one["spend"], one["impressions"], one["clicks"], one["currency"]) for one in spent] == [
        (Decimal("1204.50"), 48210, 193, "SEK"), (Decimal("10.00"), 100, 10, "SEK"),
    ]  # fmt: skip
    header = ["Day", "Campaign", "Campaign ID", "Currency code", "Cost", "Impr.", "Clicks"]
    assert recognised(header) and recognised([*header, "Ad group"]) is None
