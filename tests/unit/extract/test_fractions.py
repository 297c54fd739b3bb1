"""Numbers that are none of the declared type cost their row: a fraction is not a whole number, and rounds into no other one."""

from __future__ import annotations

import json
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw

COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "amount": "DECIMAL(18, 2)"}
LONG = 9007199254740993  # a DOUBLE does not hold it


@pytest.fixture
def rejects(warehouse):
    told = "select column_name, reason from quarantine.rejected_rows"
    return lambda: warehouse.execute(told).fetchall()


@pytest.fixture
def ids(warehouse):
    return lambda: dict(warehouse.execute("select id, name from raw_s.t").fetchall())


def written(format: str, rows: list[tuple[str, str]]) -> str:
    if format == "csv":
        return "id,name,amount\n" + "".join(f"{key},{name},1.50\n" for key, name in rows)
    objects = [f'{{"id": {key}, "name": "{name}", "amount": 1.5}}' for key, name in rows]
    return "\n".join(objects) + "\n" if format == "jsonl" else f'{{"data": [{", ".join(objects)}]}}'


@pytest.mark.parametrize("format", ["csv", "jsonl", "json_pages"])
@pytest.mark.parametrize("fraction", ["4.6", "46e-1", "-0.5"])
def test_a_fraction_rounds_into_no_other_key(load_files, ids, rejects, format, fraction):
    rows = [("5", "five"), ("6.0", "six"), (str(LONG), "long"), ("1e3", "thousand"), (fraction, "other")]
    counts = load_files({"a": written(format, rows)}, format=format, columns=COLUMNS)
    assert ids() == {5: "five", 6: "six", LONG: "long", 1000: "thousand"}
    assert (counts.inserted, counts.rejected) == (4, 1)
    assert rejects() == [("id", "not of the declared type")]


def test_nor_does_one_of_more_digits_than_a_double_has(load_files, ids):
    rows = [(str(LONG + 1), "long"), (f"{LONG}.5", "other")]
    assert load_files({"a": written("csv", rows)}, columns=COLUMNS).rejected == 1
    assert ids() == {LONG + 1: "long"}


def test_a_file_that_brings_fractions_costs_no_other_file_a_row(load_files, ids, rejects):
    files = {"a.csv": written("csv", [("1", "A"), ("x", "X"), ("2", "B")])}
    files["b.csv"] = "more,amount,name,id\nm,1.50,C,3\nm,1.50,D,3.5\nm,x,E,4\n"
    counts = load_files(files, columns=COLUMNS)
    assert ids() == {1: "A", 2: "B", 3: "C"}
    assert (counts.rejected, sorted(column for column, _ in rejects())) == (3, ["amount", "id", "id"])


def test_a_column_of_many_fractions_is_retyped(load_files):
    rows = [(str(n), "N") for n in range(5)] + [(f"{n}.5", "N") for n in range(10)]
    with pytest.raises(SourceError, match="column id is no longer BIGINT"):
        load_files({"a.csv": written("csv", rows)}, columns=COLUMNS)


def load_parquet(load_files, table: dict):
    pq.write_table(pa.table(table), load_files.folder / "a.parquet")
    return load_files(format="parquet", columns=COLUMNS)


def hundred(**changed) -> dict:
    return {"id": list(range(100)), "name": ["N"] * 100, "amount": [1.5] * 100} | changed


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("amount", pa.array([1.5] * 99 + [float("nan")])),
        ("amount", pa.array([1.5] * 99 + [1e300])),
        ("id", pa.array([*range(99), 2**64 - 1], pa.uint64())),
        ("amount", pa.array([1] * 99 + [10**17])),
        ("id", pa.array([float(n) for n in range(99)] + [4.6])),
    ],
)
def test_a_number_of_parquet_that_is_none_of_the_type_costs_its_row(load_files, ids, rejects, column, values):
    counts = load_parquet(load_files, hundred(**{column: values}))
    assert (counts.inserted, counts.rejected) == (99, 1)
    assert rejects() == [(column, "not of the declared type")] and sorted(ids()) == list(range(99))


def test_a_fraction_of_sqlite_is_no_key(home, warehouse, tmp_path, ids, rejects):
    with sqlite3.connect(tmp_path / "s.sqlite") as database:
        database.execute("create table t (id, name, amount)")
        database.executemany("insert into t values (?, ?, 1.5)", [(5, "five"), (6.0, "six"), (4.6, "other")])
    table = Table(columns=COLUMNS, key=["id"])
    settings = Settings(
        company="T", sources={"s": Source(connector="sql", url=f"sqlite:///{tmp_path}/s.sqlite", tables={"t": table})}
    )
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "s")
    assert ids() == {5: "five", 6: "six"} and rejects() == [("id", "not of the declared type")]


NESTED = {"s": "STRUCT(a INTEGER, b STRUCT(c DATE)[])", "l": "INTEGER[]", "d": "DECIMAL(18, 2)[]"}
FITTING = {"s": {"a": 1, "b": [{"c": "2026-11-01"}, None]}, "l": [1, "2", None, 3.0], "d": [1.5]}


@pytest.mark.parametrize("format", ["jsonl", "json_pages"])
@pytest.mark.parametrize(
    "column, value",
    [
        ("s", 7), ("s", []), ("s", {"a": "x"}), ("s", {"a": 1.5}), ("s", {"b": [{"c": "2026-02-30"}]}), ("s", {"b": {}}),
        ("l", ["x", 1.5]), ("l", [1.5]), ("l", [[1]]), ("l", {}), ("d", ["1,5"]),
    ],
)  # fmt: skip
def test_a_part_of_a_nested_value_that_is_none_costs_its_row(load_files, warehouse, rejects, format, column, value):
    rows = [{"id": n, **FITTING} for n in range(30)] + [{"id": 30, "s": {}, "l": [], "d": None}]
    rows.append({**rows[0], "id": 100, column: value})
    lines = "\n".join(map(json.dumps, rows)) + "\n"
    content = lines if format == "jsonl" else json.dumps({"data": rows})
    counts = load_files({"a": content}, format=format, columns={"id": "BIGINT", **NESTED})
    assert (counts.inserted, counts.rejected) == (31, 1)
    assert rejects() == [(column, "not of the declared type")]
    first, last = warehouse.execute(
        "select s.b[1].c::varchar, s.a, l, d[1]::varchar from raw_s.t where id in (0, 30) order by id"
    ).fetchall()
    assert (first, last) == (("2026-11-01", 1, [1, 2, None, 3], "1.50"), (None, None, [], None))


def test_nor_does_a_nested_value_that_a_database_keeps_as_text_fit_in_part(home, warehouse, tmp_path, rejects):
    with sqlite3.connect(tmp_path / "s.sqlite") as database:
        database.execute("create table t (id integer, l text)")
        rows = [(n, "[1, 2]") for n in range(30)] + [(100, "[1.5]")]
        database.executemany("insert into t values (?, ?)", rows)
    table = Table(columns={"id": "BIGINT", "l": "INTEGER[]"}, key=["id"])
    url = f"sqlite:///{tmp_path}/s.sqlite"
    settings = Settings(company="T", sources={"s": Source(connector="sql", url=url, tables={"t": table})})
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "s")["t"]
    assert (counts.inserted, counts.rejected, rejects()) == (30, 1, [("l", "not of the declared type")])
