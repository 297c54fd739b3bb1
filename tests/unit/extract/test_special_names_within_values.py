"""Values that a name beside them, around them or in a question tells to be of a special category or an identity number: attributes, answers,
JSON however deep, rejected lines. Not here: free text, and columns (test_special_categories.py).
"""

from __future__ import annotations

import json

import pytest

from orchestration.privacy.intake.national_ids_in_text import REMOVED
from orchestration.privacy.intake.special_categories import IDENTITY_NUMBER, REMOVED_SENTENCE
from tests.unit.extract.source_of_a_file import files, loading
from tests.unit.privacy.identity_numbers import ANNA


@pytest.fixture
def load(home, warehouse, tmp_path):
    return loading(home, warehouse, tmp_path)


def test_attributes_and_nested_answers_about_one_lose_their_value(load, warehouse, tmp_path):
    content = "id,name,value\n1,religion,none of yours\n2,shoe_size,42\n3,hobby,I sing in a gay choir\n"
    table = {
        "columns": {"id": "BIGINT", "name": "VARCHAR", "value": "VARCHAR"},
        "texts": ["value"],
        "questions": {"name": "value"},
    }
    counts = load(files(tmp_path, "t.csv", content, table))["t"]
    assert counts.removed == {("value", "religion"): 1, ("value", "sex life"): 1}
    assert warehouse.execute("select value from raw_s.t order by id").fetchall() == [
        (None,),
        ("42",),
        (REMOVED_SENTENCE,),
    ]
    assert warehouse.execute(
        "select column_name, category, removed from ops.removed_values order by all"
    ).fetchall() == [("value", "religion", 1), ("value", "sex life", 1)]


def test_nested_answers_too_in_lines_of_json(load, warehouse, tmp_path):
    answers = [
        {"question": "Har du några allergier?", "kind": "text", "value": "ja, jordnötter"},
        {"question": "Vad tyckte du?", "kind": "text", "value": "Bra. Jag är sjukskriven. Tack"},
        {"question": "Betyg?", "kind": "number", "value": "9"},
    ]
    lines = [{"id": 1, "answers": answers, "extra": {"told": ["I am pregnant"]}}, {"id": 2, "answers": answers[2:]}]
    table = {
        "columns": {"id": "BIGINT", "answers": "STRUCT(question VARCHAR, kind VARCHAR, value VARCHAR)[]"},
        "texts": ["answers.value"],
        "questions": {"answers.question": "answers.value"},
    }
    content = "\n".join(json.dumps(line) for line in lines)
    load(files(tmp_path, "t.jsonl", content, table, format="jsonl"))
    rows = warehouse.execute("select answers from raw_s.t order by id").fetchall()
    assert [a["value"] for a in rows[0][0]] == [None, f"Bra. {REMOVED_SENTENCE} Tack", "9"]
    assert rows[1][0] == answers[2:]


def test_json_of_which_nothing_is_known_is_read_to_its_last_field(load, warehouse, tmp_path):
    digits = int("19" + ANNA.replace("-", ""))
    payloads = [
        {"who": {"pnr": "as on the card", "size": 42}, "notes": [f"{ANNA[:6]}/{ANNA[-4:]}", "fine"], "ref": digits},
        {"inner": json.dumps({"Religion": "x", "note": f"it is {ANNA}"}), "size": 43},
        {"size": 44, "pnr": None},
    ]
    content = "\n".join(json.dumps({"id": n, "payload": payload}) for n, payload in enumerate(payloads))
    table = {"columns": {"id": "BIGINT", "payload": "JSON"}}
    counts = load(files(tmp_path, "t.jsonl", content, table, format="jsonl"))["t"]
    assert counts.removed == {("payload", IDENTITY_NUMBER): 2, ("payload", "religion"): 1}
    kept = [
        json.loads(row[0]) for row in warehouse.execute("select payload::varchar from raw_s.t order by id").fetchall()
    ]
    assert kept[0] == {"who": {"pnr": None, "size": 42}, "notes": [REMOVED, "fine"], "ref": None}
    assert json.loads(kept[1]["inner"]) == {"Religion": None, "note": f"it is {REMOVED}"} and kept[1]["size"] == 43
    assert kept[2] == payloads[2]


SHAPES = [
    {"diagnosis": ["F32.1"], "size": 40},
    {"visits": [{"Diagnosis": {"code": "F32.1", "at": [1, 2]}}, {"size": 41}]},
    {"as_text": json.dumps({"diagnosis": [{"code": "F32.1"}], "size": 42})},
    # of several shapes, and a name written with escapes
    [{"hälsotillstånd": [["F32.1"]]}, "size 43"],
    {"diagnosis": [], "size": 44},
]  # fmt: skip
KEPT = [
    {"diagnosis": None, "size": 40},
    {"visits": [{"Diagnosis": None}, {"size": 41}]},
    {"as_text": json.dumps({"diagnosis": None, "size": 42})},
    [{"hälsotillstånd": None}, "size 43"],
    {"diagnosis": [], "size": 44},
]


@pytest.mark.parametrize("kind", ["JSON", "VARCHAR"])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_value_under_a_special_name_goes_whatever_its_shape(load, warehouse, tmp_path, kind, is_ascii):
    written = [json.dumps(shape, ensure_ascii=is_ascii) for shape in SHAPES]
    if kind == "JSON":
        content = "\n".join(f'{{"id": {n}, "payload": {shape}}}' for n, shape in enumerate(written))
    else:
        content = "\n".join(json.dumps({"id": n, "payload": shape}) for n, shape in enumerate(written))
    table = {"columns": {"id": "BIGINT", "payload": kind}}
    counts = load(files(tmp_path, "t.jsonl", content, table, format="jsonl"))["t"]
    rows = warehouse.execute("select payload::varchar from raw_s.t order by id").fetchall()
    assert [json.loads(row[0]) for row in rows] == KEPT
    assert counts.removed == {("payload", "health"): 4}


def test_a_name_that_only_sounds_like_one_is_kept_within_a_value_too(load, warehouse, tmp_path):
    content = json.dumps({"id": 1, "religion": "a brand", "payload": {"religion": ["a brand"]}})
    table = {"columns": {"id": "BIGINT", "religion": "VARCHAR", "payload": "JSON"}, "not_special": ["religion"]}
    load(files(tmp_path, "t.jsonl", content, table, format="jsonl"))
    assert warehouse.execute("select payload->'religion'->>0 from raw_s.t").fetchall() == [("a brand",)]


def test_nested_rows_lose_fields_by_their_own_name_and_answers_of_any_shape(load, warehouse, tmp_path):
    answers = [{"question": "Other?", "value": ["I am pregnant. Thanks", "no"], "diagnosis": ["F32.1"], "kind": "text"}]
    kind = "STRUCT(question VARCHAR, value VARCHAR[], diagnosis VARCHAR[], kind VARCHAR)[]"
    table = {
        "columns": {"id": "BIGINT", "answers": kind},
        "texts": ["answers.value"],
        "questions": {"answers.question": "answers.value"},
    }
    load(files(tmp_path, "t.jsonl", json.dumps({"id": 1, "answers": answers}), table, format="jsonl"))
    [(kept,)] = warehouse.execute("select answers from raw_s.t").fetchall()
    assert kept == [
        {"question": "Other?", "value": [f"{REMOVED_SENTENCE} Thanks", "no"], "diagnosis": None, "kind": "text"}
    ]


@pytest.mark.parametrize(
    ("name", "line", "kept"),
    [
        ("t.jsonl", '{"id": "x", "name": {"blood type": ["0+"], "size": 1}}', r'{"id":"x","name":"{\"blood type\": null, \"size\": 1}"}'),
        ("t.csv", 'x,"{""blood type"": [""0+""]}"', r'{"id": "x", "name": "{\"blood type\": null}"}'),
        # of a line that is not JSON nobody can say where the value ends
        ("t.csv", '2,"{""blood type"": [""0+""]}",more', ""),
        ("t.csv", '2,"{""shoe size"": [""40""]}",more', '2,"{""shoe size"": [""40""]}",more'),
    ],
)  # fmt: skip
def test_a_rejected_line_loses_values_under_a_special_name(load, warehouse, tmp_path, name, line, kept):
    table = {"columns": {"id": "BIGINT", "name": "VARCHAR"}}
    good = '{"id": 1, "name": "Bo"}\n' * 9 if name == "t.jsonl" else "id,name\n" + "1,Bo\n" * 9
    load(files(tmp_path, name, good + line + "\n", table, format=name.split(".")[1]))
    [(content,)] = warehouse.execute("select content from quarantine.rejected_rows").fetchall()
    assert content == kept
