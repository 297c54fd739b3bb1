"""A dry run reads the first rows of every table, of files, databases and APIs alike, and tells all that does not fit at once, without a value."""

from __future__ import annotations

import json
import re
import sqlite3

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.settings import Quality, Source
from orchestration.demo.server import serving
from orchestration.run.first_rows import first_rows

PEOPLE = {
    "entity": "people",
    "columns": {"source_key": "id", "email": "mail", "created_at": "made"},
    "constants": {"kind": "shopper"},
}
ORDERS = {
    "entity": "orders",
    "columns": {
        "source_key": "no", "person_key": "who", "ordered_at": "day", "amount": "total",
        "status": {"column": "state", "values": {"betald": "completed"}, "ignore": ["test"]},
    },
    "constants": {"currency": "SEK"},
}  # fmt: skip
TABLES = {
    "customers": {"columns": {"id": "VARCHAR", "mail": "VARCHAR", "made": "VARCHAR"}, "key": ["id"], "maps": [PEOPLE]},
    "sales": {
        "columns": {"no": "VARCHAR", "who": "VARCHAR", "day": "VARCHAR", "total": "VARCHAR", "state": "VARCHAR"},
        "key": ["no"], "maps": [ORDERS],
    },
}  # fmt: skip
CUSTOMERS = [("1", "a@example.com", "2026-01-01"), ("2", "b@example.com", "31.12.2025")]
SALES = [
    ("A1", "1", "2026-01-03", "1,50 kr", "betald"),
    ("A2", "77", "2026-01-03", "5", "förvirrad"),
    ("A3", "78", None, "7", "test"),
    ("A3", "79", "2026-01-05", "7", "BETALD"),
]
NAMES = {"customers": ("id", "mail", "made"), "sales": ("no", "who", "day", "total", "state")}
# a dry run tells of each map how many rows that are together: A3 stands twice, and its first row is of a state that is left out
SUMS = [
    ("s.customers as people", True, "1 of the first 2 rows would be set aside: created_at cannot be read (1)"),
    ("s.sales as orders", True, "2 of the first 4 rows would be set aside: amount cannot be read (1), status has a word that no map knows (1); the mapping leaves 1 out"),
]  # fmt: skip
EXPECTED = [
    ("s.customers as people", True, "created_at: 1 values cannot be read as timestamp"),
    ("s.sales", True, "no: 1 rows share the key of another, and the last one stands"),
    ("s.sales as orders", True, "amount: 1 values cannot be read as decimal(18, 2)"),
    ("s.sales as orders", True, "status: 1 row has a word that no map knows (1 in all)"),
    ("s.sales as orders", False, "person_key: 3 of 4 rows name somebody who is not among the people of s"),
]


def files(folder):
    for name, rows in (("customers", CUSTOMERS), ("sales", SALES)):
        lines = [";".join(NAMES[name]), *(";".join(value or "" for value in row) for row in rows)]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    tables = {name: {**table, "path": f"{name}.csv"} for name, table in TABLES.items()}
    return {"connector": "files", "url": str(folder), "csv": {"delimiter": ";"}, "tables": tables}


def sqlite(folder):
    with sqlite3.connect(folder / "s.sqlite") as con:
        for name, rows in (("customers", CUSTOMERS), ("sales", SALES)):
            con.execute(f"create table {name} ({', '.join(NAMES[name])})")
            con.executemany(f"insert into {name} values ({', '.join('?' * len(NAMES[name]))})", rows)
    con.close()
    return {"connector": "sql", "url": f"sqlite:///{folder}/s.sqlite", "tables": TABLES}


def duckdb_file(folder):
    with duckdb.connect(str(folder / "s.duckdb")) as con:
        for name, rows in (("customers", CUSTOMERS), ("sales", SALES)):
            con.execute(f"create table {name} ({', '.join(f'{column} varchar' for column in NAMES[name])})")
            con.executemany(f"insert into {name} values ({', '.join('?' * len(NAMES[name]))})", rows)
    return {"connector": "sql", "url": f"duckdb:///{folder}/s.duckdb", "tables": TABLES}


@pytest.mark.parametrize("made", [files, sqlite, duckdb_file])
def test_all_that_does_not_fit_is_told_at_once_of_every_connector(tmp_path, made):
    found = first_rows("s", Source.model_validate(made(tmp_path)), Quality(), is_summed=True)
    sums = [one for one in found if " of the first " in one.found]
    assert [
        (one.what, one.is_ok, re.sub(r" of (table )?\w+(\.csv)? would", " would", one.found)) for one in sums
    ] == SUMS
    told = [(one.what, one.is_ok, one.found.partition(" in the first")[0]) for one in found if one not in sums]
    assert told == EXPECTED
    assert not any(value in str(found) for value in ("31.12", "förvirrad", "a@example.com", "kr'"))


def test_of_an_api_the_first_page_is_read(tmp_path):
    for name, rows in (("customers", CUSTOMERS), ("sales", SALES)):
        (tmp_path / name).mkdir()
        page = {"data": [dict(zip(NAMES[name], row, strict=True)) for row in rows]}
        (tmp_path / name / "001-00001.json").write_text(json.dumps(page))
        (tmp_path / name / "index-001.json").write_text(
            json.dumps({"night": 1, "pages": 1, "rows": len(rows), "latest": None})
        )
    with serving(tmp_path, "secret-token") as url:
        source = Source.model_validate({"connector": "rest", "url": url, "token": "secret-token", "tables": TABLES})
        found = first_rows("s", source, Quality())
    assert [(one.what, one.is_ok, one.found.partition(" in the first")[0]) for one in found] == EXPECTED


def test_a_word_that_many_rows_have_is_named_and_no_other(tmp_path):
    said = files(tmp_path)
    rows = [f"B{n};1;2026-01-03;5;{word}" for n, word in enumerate(["bevakad"] * 10 + ["Anna Ek"] * 9 + ["a9"] * 11)]
    with (tmp_path / "sales.csv").open("a") as file:
        file.write("\n".join(rows) + "\n")
    told = [one.found for one in first_rows("s", Source.model_validate(said), Quality()) if "no map knows" in one.found]
    assert len(told) == 1
    # with the one of SALES
    assert told[0].startswith("status: 31 rows have a word that no map knows: bevakad, and 3 more")


def test_people_who_were_not_all_read_make_nobody_a_stranger(tmp_path):
    said = files(tmp_path)
    more = "".join(f"{n};p{n}@example.com;2026-01-01\n" for n in range(1000, 2200))
    with (tmp_path / "customers.csv").open("a") as file:
        file.write(more)
    found = first_rows("s", Source.model_validate(said), Quality())
    assert not any("person_key" in one.found for one in found)


def test_a_column_that_a_table_lacks_and_a_table_that_is_not_there_are_told(tmp_path):
    said = sqlite(tmp_path)
    columns = {**TABLES["customers"]["columns"], "phone": "VARCHAR"}
    said["tables"] = {"customers": {**TABLES["customers"], "columns": columns}, "gone": {"columns": {"id": "VARCHAR"}}}
    told = [one.found for one in first_rows("s", Source.model_validate(said), Quality())]
    assert told[0] == "table customers lacks phone" and told[-1].startswith("table gone cannot be read (")


def test_the_command_writes_nothing_and_ends_with_a_code(tmp_path, monkeypatch):
    source = files(tmp_path)
    lines = [
        'company = "T"',
        "[sources.s]",
        'connector = "files"',
        f'url = "{source["url"]}"',
        'csv = { delimiter = ";" }',
    ]
    lines += [
        "[sources.s.tables.customers]",
        'path = "customers.csv"',
        'columns = { id = "VARCHAR", mail = "VARCHAR", made = "VARCHAR", name = "VARCHAR" }',
    ]
    lines += ["[[sources.s.tables.customers.maps]]", 'entity = "people"', 'columns = { source_key = "id", created_at = "made" }', 'constants = { kind = "shopper" }']  # fmt: skip
    config = tmp_path / "kundbild.toml"
    config.write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("KUNDBILD_CONFIG", str(config))
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(app, ["run", "--dry-run"])
    assert done.exit_code == 1 and "customers.csv lacks name" in done.output.replace("\n", " ")
    said = " ".join(done.output.split())
    assert "created_at: 1 values cannot be read" in said
    assert "s.customers as people: 1 of the first 2 rows of customers.csv would be set aside" in said
    config.write_text(config.read_text().replace(', name = "VARCHAR"', ""))
    assert CliRunner().invoke(app, ["run", "--dry-run"]).exit_code == 0
    assert not (tmp_path / "home").exists()


def test_what_one_line_says_of_all_lines_is_missing_in_none(tmp_path):
    (tmp_path / "sales.csv").write_text("no,day,total,item\nA1,2026-01-03,7,boot\nA1,,,sock\nA1,,,tent\n")
    orders = ORDERS | {"columns": {"source_key": "no", "person_key": "item", "ordered_at": "day", "amount": "total"}, "one_row_per_key": True, "lines_of": "no"}  # fmt: skip
    table = {"path": "sales.csv", "columns": dict.fromkeys(("no", "day", "total", "item"), "VARCHAR")}

    def found(**more):
        maps = [orders | more]
        source = Source.model_validate({"connector": "files", "url": str(tmp_path), "tables": {"sales": table | {"maps": maps}}})  # fmt: skip
        return [one.found.split(" in the first")[0] for one in first_rows("s", source, Quality())]

    assert found(said_once=["day", "total"]) == []
    assert found(said_once=["day"]) == ["amount: 2 rows have none, and would be set aside"]


def test_rows_that_a_condition_leaves_out_are_not_missed(tmp_path):
    (tmp_path / "sales.csv").write_text("no,day,total,item\nA1,2026-01-03,7,boot\nA1,,,sock\nA2,,8,tent\n")
    table = {"path": "sales.csv", "columns": dict.fromkeys(("no", "day", "total", "item"), "VARCHAR")}
    orders = ORDERS | {
        "columns": {"source_key": "no", "person_key": "item", "ordered_at": "day", "amount": "total"},
        "one_row_per_key": True,
    }

    def found(where):
        maps = [orders | {"where": where}]
        source = Source.model_validate({"connector": "files", "url": str(tmp_path), "tables": {"sales": table | {"maps": maps}}})  # fmt: skip
        return [one.found.split(" in the first")[0] for one in first_rows("s", source, Quality())]

    assert found("total is not null") == ["ordered_at: 1 rows have none, and would be set aside"]
    assert found("item = 'boot'") == []
    # of text that is no number nobody can say
    assert found("cast(item as integer) > 1") == []
