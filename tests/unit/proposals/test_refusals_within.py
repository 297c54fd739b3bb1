"""What `add-source` makes of a no in nested values, which are no columns, and in numbers: a yes of the same row grants nothing."""

from __future__ import annotations

import json
import sqlite3

import duckdb
import pytest

from orchestration.proposals.propose import propose
from tests.unit.proposals.test_api import serve  # noqa: F401  a fixture


def people(said):
    """Rows of people who said yes to the newsletter, with what else is `said` of the third."""
    return [
        {"id": n, "email": f"a{n}@example.com", "first_name": "Anna", "last_name": "Ek", "newsletter": "yes" if n % 2 else "no",
         "consent_date": f"2026-01-{n:02d}T10:00:00Z", **(said if n == 3 else {})}
        for n in range(1, 10)
    ]  # fmt: skip


NO = [
    {"unsubscribed_from": ["newsletter"]},
    {"unsubscribes": [{"at": "2026-02-01"}]},
    {"unsubscribed_lists": ["newsletter"]},
    {"lists": [{"name": "news", "opted_out": True}]},
    {"a": {"b": {"c": {"d": {"unsubscribed": True}}}}},
    {"settings": {"no_newsletter": "yes"}},
    {"contact": [{"deceased": True}]},
    {"consents": [{"purpose": "newsletter", "status": "revoked"}]},
    {"emails": [{"address": "b@example.com", "subscribed": False}]},
]


def test_a_list_of_statements_that_no_map_reads_is_told(tmp_path):
    (tmp_path / "people.jsonl").write_text("\n".join(json.dumps(row | {"consents": ["sms"]}) for row in people({})))
    found = propose("club", str(tmp_path / "people.jsonl"), "SEK")
    assert any("people.consents: may hold refusals, and none is read" in note for note in found.notes)


@pytest.mark.parametrize("said", NO, ids=json.dumps)
@pytest.mark.parametrize("form", ["json", "jsonl", "parquet"])
def test_a_no_within_a_value_of_a_file_stops_a_yes(tmp_path, form, said):
    (tmp_path / "in").mkdir()
    lines = "\n".join(map(json.dumps, people(said)))
    path = tmp_path / "in" / f"people.{form}"
    if form == "parquet":
        (tmp_path / "people.jsonl").write_text(lines)
        duckdb.execute(f"copy (from read_json('{tmp_path}/people.jsonl')) to '{path}'")
    else:
        path.write_text(lines if form == "jsonl" else json.dumps(people(said)))
    assert "granted" not in propose("club", str(tmp_path / "in"), "SEK").block


def test_a_no_among_many_names_that_differ_from_row_to_row_stops_a_yes(tmp_path):
    (tmp_path / "in").mkdir()
    rows = [row | {"lists": {f"list_{n}": {"at": 1}}} for n, row in enumerate(people({}) * 50)]
    rows = [row | {"id": n} for n, row in enumerate(rows)]
    rows[3]["lists"] = {"unsubscribed": {"at": 1}}
    (tmp_path / "in" / "people.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert "granted" not in propose("club", str(tmp_path / "in"), "SEK").block


@pytest.mark.parametrize("said", NO, ids=json.dumps)
def test_a_no_within_a_value_of_an_api_stops_a_yes(serve, monkeypatch, said):  # noqa: F811
    monkeypatch.setattr("tests.unit.proposals.test_api.TABLES", {"people": people(said)})
    url = serve(lambda rows, _said, _name: ({"results": rows},)).url
    assert "granted" not in propose("crm", f"{url}/v1/people", "SEK").block


@pytest.mark.parametrize("column", ["objection_id", "do_not_contact_id", "no_mail_id"])
@pytest.mark.parametrize("value", [1, 17])
def test_a_number_of_a_no_stops_a_yes(tmp_path, column, value):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "people.jsonl").write_text("\n".join(map(json.dumps, people({column: value}))))
    assert "granted" not in propose("club", str(tmp_path / "in"), "SEK").block


@pytest.mark.parametrize("said", [{"hs_object_id": 1}, {"tags": [{"object": "tag", "object_id": 5}]}], ids=json.dumps)
def test_an_object_is_no_objection(tmp_path, said):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "people.jsonl").write_text("\n".join(map(json.dumps, people(said))))
    assert "granted" in propose("club", str(tmp_path / "in"), "SEK").block


def test_a_column_of_a_database_without_plain_values_stops_a_yes(tmp_path):
    with sqlite3.connect(tmp_path / "crm.db") as con:
        con.execute("create table people (id integer primary key, email text, first_name text, last_name text, newsletter text, consent_date timestamp, unsubscribed_from blob)")  # fmt: skip
        con.executemany(
            "insert into people values (?, ?, ?, ?, ?, ?, null)",
            [[row[c] for c in ("id", "email", "first_name", "last_name", "newsletter", "consent_date")] for row in people({})],
        )  # fmt: skip
    assert "granted" not in propose("crm", f"sqlite:///{tmp_path}/crm.db", "SEK").block
