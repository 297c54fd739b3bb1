"""Special categories (Art. 9) and identity numbers in free text stay out of the warehouse; how many are found is measured."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import DBT_DIR, Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.systems import complete_sources
from orchestration.privacy.audit.catalogue import SpecialCategoryError, read_catalogue
from orchestration.privacy.intake.national_ids import REMOVED
from orchestration.privacy.intake.special_categories import (
    IDENTITY_NUMBER,
    NUMBER_SQL,
    REMOVED_SENTENCE,
    candidates_sql,
    categories_in,
    cleaned,
    special_category_of,
)
from tests.unit.privacy.identity_numbers import ANNA, everything

CASES = Path(__file__).parents[1] / "special_category_cases.csv"


@pytest.fixture
def load(home, warehouse, tmp_path):
    def go(source: Source):
        settings = complete_sources(Settings(company="T", sources={"s": source}), tmp_path / "kundbild.toml", "")
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "s")

    return go


def files(tmp_path, name: str, content: str, table: dict, **source) -> Source:
    (tmp_path / name).write_text(content)
    tables = {"t": Table(**{"key": ["id"], "path": name, **table})}
    return Source(connector="files", url=str(tmp_path), tables=tables, **source)


def test_rule_18_special_categories_do_not_enter_and_no_segment_names_one(load, warehouse, tmp_path):
    content = (
        "id,name,ethnicity,note\n"
        "1,Anna,kvensk,Wants the blue one. I was diagnosed with diabetes last year. Call after five!\n"
        f"2,Bo,somali,Her number is {ANNA} she says\n"
        "3,Cy,,Likes the tent\n"
        "x,Di,samisk,Jeg er gravid\n"
    )
    columns = {"id": "BIGINT", "name": "VARCHAR", "ethnicity": "VARCHAR", "note": "VARCHAR"}
    counts = load(files(tmp_path, "t.csv", content, {"columns": columns}))["t"]
    assert counts.dropped_columns == ["ethnicity"] and counts.inserted == 3 and counts.rejected == 1
    assert counts.removed == {("note", "health"): 1, ("note", IDENTITY_NUMBER): 1}
    notes = [row[0] for row in warehouse.execute("select note from raw_s.t order by id").fetchall()]
    assert notes[0] == f"Wants the blue one. {REMOVED_SENTENCE} Call after five!"
    assert notes[2] == "Likes the tent"
    held = everything(warehouse)
    assert [word for word in ("kvensk", "somali", "samisk", "diabetes", "gravid", ANNA) if word in held] == []
    # and no table after staging may have one
    models = tmp_path / "models"
    shutil.copytree(DBT_DIR / "models", models)
    path = models / "marts" / "segments" / "customer_rfm.yml"
    path.write_text(path.read_text().replace("- name: recency_score", "- name: religion", 1))
    with pytest.raises(SpecialCategoryError, match=r"customer_rfm\.religion"):
        read_catalogue(models)


def test_rule_18_how_much_of_free_text_is_found():
    """Sentences of customers in five languages; the terms were written before the sentences, and found 95.7 % at first."""
    with CASES.open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    planted, found, wrong = Counter(), Counter(), []
    for case in cases:
        seen = categories_in(case["text"])
        if case["category"]:
            planted[case["language"]] += 1
            found[case["language"]] += case["category"] in seen
        elif cleaned(case["text"])[1]:
            wrong.append(case["text"])
    assert len(planted) == 5 and min(planted.values()) >= 23
    assert min(found[language] / planted[language] for language in planted) >= 0.95, found
    assert wrong == []


def test_what_duckdb_looks_for_first_misses_nothing_that_is_taken_out():
    with CASES.open(encoding="utf-8", newline="") as file:
        texts = [(row["text"],) for row in csv.DictReader(file)]
    with duckdb.connect() as con:
        con.execute("create table texts (t varchar)")
        con.executemany("insert into texts values (?)", texts)
        suspected = {
            row[0]
            for row in con.execute(
                "select t from texts where regexp_matches(lower(t), $1) or regexp_matches(t, $2)",
                [candidates_sql(), NUMBER_SQL],
            ).fetchall()
        }
    assert {text for (text,) in texts if cleaned(text)[1]} <= suspected


def norwegian(day: str) -> str:
    """The first valid number of a day, by its two check digits."""
    for individual in range(1000):
        base = f"{day}{individual:03d}"
        first = -sum(w * int(d) for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), base, strict=True)) % 11
        second = -sum(w * int(d) for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), f"{base}{first}", strict=False)) % 11
        if first < 10 and second < 10:
            return f"{base}{first}{second}"
    raise AssertionError


OLA = norwegian("010180")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"fnr {OLA} takk", f"fnr {REMOVED} takk"),
        (f"{OLA[:6]} {OLA[6:]}", REMOVED),
        ("Mit nummer er 010203-4567.", f"Mit nummer er {REMOVED}."),
        ("Mit nummer er 010203–4567.", f"Mit nummer er {REMOVED}."),
        ("Mit nummer er 010203 − 4567? 010203\u20114567", f"Mit nummer er 010203 − 4567? {REMOVED}"),
        ("CPR-nr. 0102034567", f"CPR-nr. {REMOVED}"),
        ("cpr: 0102034567", f"cpr: {REMOVED}"),
        # of before 2007, by its check digit
        ("jeg er 2110625629", f"jeg er {REMOVED}"),
        # a Swedish mobile number is a Danish day: it stays, as does what is of no day
        ("ring 0701112233 eller 0702000009", "ring 0701112233 eller 0702000009"),
        ("ordre 9999999999 og 0102034567", "ordre 9999999999 og 0102034567"),
        (f"{ANNA.replace('-', '–')} ok", f"{REMOVED} ok"),
        (f"{OLA[:-1]}{(int(OLA[-1]) + 1) % 10}", f"{OLA[:-1]}{(int(OLA[-1]) + 1) % 10}"),
    ],
)  # fmt: skip
def test_identity_numbers_of_all_four_countries_leave_running_text(text, left):
    assert cleaned(text)[0] == left
    assert duckdb.execute("select regexp_matches($1, $2)", [text, NUMBER_SQL]).fetchall() == [(True,)]


def test_names_streets_and_titles_lose_identity_numbers_and_nothing_else(load, warehouse, tmp_path):
    content = (
        "id,full_name,street,jobTitle,reference,phone,note_\n"
        f'1,"Anna Berg, {ANNA}",Kyrkogatan 1 ({OLA}),{ANNA},{ANNA},0701112233,x\n'
        "2,Bo Gay,Storgatan 19800101 B,Union Leader,8001019802,+46 70 111 22 33,x\n"
    )
    columns = dict.fromkeys(("full_name", "street", "jobTitle", "reference", "phone", "note_"), "VARCHAR") | {"id": "BIGINT"}  # fmt: skip
    columns = {"id": "BIGINT", **columns}
    table = {"columns": columns, "texts": [], "persons": [{"key": "id", "phone": ["phone"]}]}
    counts = load(files(tmp_path, "t.csv", content, table))["t"]
    assert counts.removed == {(column, IDENTITY_NUMBER): 1 for column in ("full_name", "street", "jobTitle")}
    rows = warehouse.execute("select full_name, street, jobTitle, reference, phone from raw_s.t order by id").fetchall()
    # a key of another table is not a name: it stays as it is
    assert rows == [
        ("Anna Berg", "Kyrkogatan 1", None, ANNA, "0701112233"),
        ("Bo Gay", "Storgatan 19800101 B", "Union Leader", "8001019802", "+46 70 111 22 33"),
    ]


def test_a_sole_traders_number_that_is_a_personal_number_does_not_enter(load, warehouse, tmp_path):
    digits = ANNA.replace("-", "")
    numbers = [ANNA, digits, f"19{digits}", f"SE{digits}01", "556016-0680", "SE556016068001", "923609016", "0112038-9"]
    content = "id,org_number\n" + "".join(f"{n},{number}\n" for n, number in enumerate(numbers))
    table = {"columns": {"id": "BIGINT", "org_number": "VARCHAR"}, "texts": []}
    load(files(tmp_path, "t.csv", content, table))
    kept = [number for (number,) in warehouse.execute("select org_number from raw_s.t order by id").fetchall()]
    assert kept == [None] * 4 + numbers[4:]
    assert digits not in everything(warehouse) and ANNA not in everything(warehouse)


@given(st.lists(st.sampled_from(["Bra tält", "Jag är gravid", "ring\nsnart", f"mitt nummer {ANNA}", "ok"]), max_size=6))
def test_what_was_cleaned_is_clean_and_the_rest_is_as_it_was(sentences):
    text = ". ".join(sentences)
    once, taken = cleaned(text)
    assert cleaned(once) == (once, [])
    assert once == text or taken
    assert once.count("Bra tält") == text.count("Bra tält")
    assert "gravid" not in once and ANNA not in once


@pytest.mark.parametrize(
    ("name", "category"),
    [("Religion", "religion"), ("is_diabetic", "health"), ("unionMember", "trade union"), ("sexuell_läggning", "sex life"),
     ("Har du några allergier?", "health"), ("ethnicGroup", "ethnic origin"), ("race_id", None), ("health_score", None),
     ("preferred_store", None), ("faithful", None), ("email", None)],
)  # fmt: skip
def test_columns_attributes_and_questions_are_known_by_their_names(name, category):
    assert special_category_of(name) == category


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


@pytest.mark.parametrize("connector", ["sql", "parquet"])
def test_databases_and_columnar_files_are_read_too(load, warehouse, tmp_path, connector):
    columns = {"id": "BIGINT", "note": "VARCHAR", "religion": "VARCHAR"}
    if connector == "sql":
        with sqlite3.connect(tmp_path / "t.sqlite") as con:
            con.execute("create table t (id integer, note text, religion text)")
            con.execute("insert into t values (1, 'ok', 'x'), (2, 'min fru har bröstcancer', 'y')")
        con.close()
        source = Source(
            connector="sql", url=f"sqlite:///{tmp_path}/t.sqlite", tables={"t": Table(columns=columns, key=["id"])}
        )
    else:
        with duckdb.connect() as con:
            con.execute(
                "copy (select * from (values (1, 'ok', 'x'), (2, 'min fru har bröstcancer', 'y')) t(id, note, religion)) "
                f"to '{tmp_path}/t.parquet' (format parquet)"
            )
        source = Source(
            connector="files",
            format="parquet",
            url=str(tmp_path),
            tables={"t": Table(columns=columns, key=["id"], path="t.parquet")},
        )
    assert load(source)["t"].removed == {("note", "health"): 1}
    assert warehouse.execute("select id, note from raw_s.t order by 1").fetchall() == [(1, "ok"), (2, REMOVED_SENTENCE)]


def test_a_column_that_only_sounds_like_one_is_kept_when_it_is_said_so(load, warehouse, tmp_path):
    columns = {"id": "BIGINT", "religion": "VARCHAR"}
    table = {"columns": columns, "maps": [{"entity": "person_attributes", "columns": {"source_key": "id", "value": "religion"}}]}  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"special category \(religion\)"):
        load(files(tmp_path, "t.csv", "id,religion\n1,a brand\n", table))
    with pytest.raises(ValueError, match="'faith' is used as"):
        Table(columns=columns, not_special=["faith"])
    counts = load(files(tmp_path, "t.csv", "id,religion\n1,a brand\n", {"columns": columns, "not_special": ["religion"]}))["t"]  # fmt: skip
    assert counts.dropped_columns == []
    assert warehouse.execute("select religion from raw_s.t").fetchall() == [("a brand",)]
