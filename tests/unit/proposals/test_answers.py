"""What `add-source` makes of answers of a survey: each has somebody, and the question that it answers."""

from __future__ import annotations

import json
import sqlite3
import tomllib

import pytest

from orchestration.core.configuration import load_settings
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from tests.unit.proposals.test_api import serve  # noqa: F401  a fixture

ASKED = ["Why?", "Which diagnosis do you have?"]


def responses(whose):
    return [
        {"response_id": f"r{n}", "submitted_at": f"2026-02-{n:02d}T10:00:00Z", **whose(n), "survey": "nps",
         "answers": [{"question_id": f"q{at}", "question": question, "answer_text": f"Jag heter Anna Ek {n}" if at else f"F3{n}"}
                     for at, question in enumerate(reversed(ASKED))]}
        for n in range(1, 9)
    ]  # fmt: skip


def by_key(n):
    return {"customer_id": f"c{n}"}


def by_object(n):
    return {"customer": {"id": f"c{n}", "email": f"anna{n}@example.com"}}


def by_email(n):
    return {"email": f"anna{n}@example.com"}


WHOSE = [
    (by_key, [{"key": "survey_response_customer_id"}]),
    (by_object, [{"key": "survey_response_customer_id"}]),
    (by_email, [{"email": ["survey_response_email"]}]),
]


@pytest.mark.parametrize(("whose", "persons"), WHOSE)
def test_answers_in_a_list_are_somebodys(tmp_path, home, warehouse, whose, persons):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "survey_responses.jsonl").write_text("\n".join(map(json.dumps, responses(whose))))
    proposed = propose("forms", str(tmp_path / "in"), "SEK")
    write_source(tmp_path / "kundbild.toml", proposed.block)
    settings = load_settings(tmp_path / "kundbild.toml")
    answers = settings.sources["forms"].tables["survey_response_answers"]
    assert [one.model_dump(exclude_defaults=True) for one in answers.whose] == persons
    assert answers.questions == {"question": "answer_text"}
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "forms")
    (person,) = answers.whose[0].columns
    rows = warehouse.execute(
        f'select question, answer_text, "{person}" from raw_forms.survey_response_answers'
    ).fetchall()
    assert len(rows) == 16 and all(row[2] for row in rows)
    assert all((text is None) == ("diagnosis" in question) for question, text, _ in rows)


def test_answers_of_an_api_are_somebodys(serve, monkeypatch):  # noqa: F811
    monkeypatch.setattr("tests.unit.proposals.test_api.TABLES", {"survey_responses": responses(by_key)})
    url = serve(lambda rows, _said, _name: ({"results": rows},)).url
    tables = tomllib.loads(propose("forms", f"{url}/v1/survey_responses", "SEK").block)["sources"]["forms"]["tables"]
    answers = tables["survey_response_answers"]
    assert answers["persons"] == [{"key": "survey_response_customer_id"}]
    assert answers["carried"]["survey_response_customer_id"] == "customer_id"


def test_answers_of_nobody_are_proposed_without_what_was_written(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "survey_responses.jsonl").write_text("\n".join(map(json.dumps, responses(lambda n: {}))))
    block = propose("forms", str(tmp_path / "in"), "SEK").block
    assert "answer_text =" not in block


HEADER, ROW = "answer_id,response_id,question,answer_text", "a{n},r{n},Why?,Jag heter Anna {n}"


@pytest.mark.parametrize(
    ("more", "persons"),
    [(("", ""), None), ((",customer_id", ",c{n}"), [{"key": "customer_id"}]), ((",email", ",a{n}@example.com"), [{"email": ["email"]}])],
)  # fmt: skip
def test_a_flat_file_of_answers_says_whose_they_are_or_leaves_them_out(tmp_path, more, persons):
    (tmp_path / "in").mkdir()
    lines = [HEADER + more[0], *((ROW + more[1]).format(n=n) for n in range(1, 9))]
    (tmp_path / "in" / "survey_answers.csv").write_text("\n".join(lines) + "\n")
    proposed = propose("forms", str(tmp_path / "in"), "SEK")
    table = tomllib.loads(proposed.block)["sources"]["forms"]["tables"]["survey_answers"]
    assert table.get("persons") == persons
    assert ("answer_text" in table["columns"]) == bool(persons)
    assert table.get("questions") == ({"question": "answer_text"} if persons else None)
    assert any("no erasure" in note for note in proposed.notes) == (not persons)


def test_a_table_of_answers_of_a_database_says_whose_they_are(tmp_path):
    with sqlite3.connect(tmp_path / "forms.db") as con:
        con.execute(
            "create table survey_answers (answer_id text primary key, response_id text, question text, answer_text text, customer_id text)"
        )
        con.executemany("insert into survey_answers values (?, ?, 'Why?', 'Jag heter Anna', ?)", [(f"a{n}", f"r{n}", f"c{n}") for n in range(9)])  # fmt: skip
    tables = tomllib.loads(propose("forms", f"sqlite:///{tmp_path}/forms.db", "SEK").block)["sources"]["forms"][
        "tables"
    ]
    assert tables["survey_answers"]["persons"] == [{"key": "customer_id"}]
