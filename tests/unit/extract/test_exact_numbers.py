"""Numbers of JSON are read to the last digit, wherever they stand; words of a text are none."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest

from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.exact_numbers import exact
from orchestration.extract.extract import extract_source, prepare_raw

ID = "1234567890123456789"
ROW = '{"id": %s, "amount": 12345678901234567.89, "at": {"fee": -0.12345678901234567890123, "note": "a \\" b, 12345678901234567.89]"}, "fees": [9007199254740993.5, 1.5]}'
ROWS = [ROW % ID, ROW % f"{ID[:-1]}8", ROW % "7"]
COLUMNS = {"id": "BIGINT", "amount": "DECIMAL(38, 2)", "at.fee": "DECIMAL(38, 23)", "at.note": "VARCHAR", "fees": "DECIMAL(38, 1)[]"}  # fmt: skip
READ = [
    (int(row), "12345678901234567.89", "-0.12345678901234567890123", 'a " b, 12345678901234567.89]', "[9007199254740993.5, 1.5]")
    for row in ("7", f"{ID[:-1]}8", ID)
]  # fmt: skip
FORMS = {
    "jsonl": ["\n".join(ROWS) + "\n", "[" + ", ".join(ROWS) + "]", "[\n" + ",\n".join(ROWS) + "\n]"],
    "json_pages": [f'{{"data": [{", ".join(ROWS)}]}}'],
}


def read(warehouse) -> list[tuple]:
    return warehouse.execute('select id, amount::varchar, "at.fee"::varchar, "at.note", fees::varchar from raw_s.t order by id').fetchall()  # fmt: skip


@pytest.mark.parametrize(("format", "content"), [(form, content) for form, found in FORMS.items() for content in found])
def test_numbers_of_files_are_read_to_the_last_digit(load_files, warehouse, format, content):
    assert load_files({"a.json": content}, format=format, columns=COLUMNS).rejected == 0
    assert read(warehouse) == READ


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_numbers_of_a_databases_json_are_read_to_the_last_digit(home, warehouse, tmp_path, kind):
    """Of a column of JSON, and of the elements of a list in it, with what they carry along."""
    path = tmp_path / f"s.{kind}"
    with sqlite3.connect(path) if kind == "sqlite" else duckdb.connect(path) as database:
        database.execute(f"create table t (no integer, document {'text' if kind == 'sqlite' else 'json'})")
        database.executemany("insert into t values (?, ?)", [(n, row) for n, row in enumerate(ROWS)])
    columns = {f"document.{c}": k for c, k in COLUMNS.items()}
    lines = {"id": "BIGINT", "fee": "DECIMAL(38, 23)", "place": "BIGINT", "amount": "DECIMAL(38, 1)"}
    tables = {
        "t": Table(columns=columns, key=["document.id"]),
        "fees": Table(columns=lines, key=["id", "place"], table="t", rows_in="document.lines", carried={"id": "document.id", "fee": "document.at.fee", "place": "#"}),
    }  # fmt: skip
    with sqlite3.connect(path) if kind == "sqlite" else duckdb.connect(path) as database:
        database.execute("update t set document = replace(document::text, '\"fees\"', '\"lines\": [{\"amount\": 9007199254740993.5}], \"fees\"')" if kind == "duckdb" else "update t set document = replace(document, '\"fees\"', '\"lines\": [{\"amount\": 9007199254740993.5}], \"fees\"')")  # fmt: skip
    settings = Settings(company="T", sources={"s": Source(connector="sql", url=f"{kind}:///{path}", tables=tables)})
    prepare_raw(warehouse, settings)
    found = extract_source(warehouse, home, settings, "s")
    assert {name: counts.rejected for name, counts in found.items()} == {"t": 0, "fees": 0}
    names = ", ".join(f'"document.{column}" as "{column}"' for column in COLUMNS)
    warehouse.execute(f"create or replace view whole as select {names} from raw_s.t")
    whole = 'select id, amount::varchar, "at.fee"::varchar, "at.note", fees::varchar from whole order by id'
    assert warehouse.execute(whole).fetchall() == READ
    of_lines = warehouse.execute("select id, fee::varchar, amount::varchar from raw_s.fees order by id").fetchall()
    assert of_lines == [(key, fee, "9007199254740993.5") for key, _, fee, *_ in READ]


@pytest.mark.parametrize("row", ['{"a": "\\u00e5", "b": 1e-400}', '{"a": "12345678901234567.5"}', '{"12345678901234567.5": "\\\\"}', '{"id": 12345678901234567}'])  # fmt: skip
def test_json_without_a_long_fraction_stays_as_it_is(warehouse, row):
    assert warehouse.execute(f"select {exact('$1::varchar')}", [row]).fetchall() == [(row,)]


def test_a_broken_line_stays_broken(load_files):
    content = "\n".join(ROWS) + '\n{"id": 12345678901234567.5, "amount": 1"}\n'
    assert load_files({"a.json": content}, format="jsonl", columns=COLUMNS).rejected == 1
