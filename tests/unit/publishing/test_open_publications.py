"""The open grade: a file of its own, switched and kept with the others, and whole after an erasure."""

from __future__ import annotations

import shutil
from datetime import timedelta

import duckdb
import pytest

from orchestration.privacy.erasure.rewriting import Theirs, rewrite_publications
from orchestration.publishing import snapshot
from orchestration.publishing.grades import GRADES, OPEN
from tests.unit.publishing.published import MOMENT, rows


def told(home) -> int:
    """What the open grade says."""
    with duckdb.connect(str(home.published / "open" / "kundbild_open.duckdb"), read_only=True) as con:
        (count,) = con.execute("select order_count from bi_open.monthly_sales").fetchall()[0]
    parquet = home.published / "open" / "parquet" / "monthly_sales.parquet"
    assert duckdb.sql(f"select order_count from '{parquet}'").fetchall() == [(count,)]
    return count


def test_each_grade_is_a_file_of_its_own_that_holds_no_other(filled, home):
    snapshot.publish(filled, home, "run-1", MOMENT, keep=3)
    schemas = {}
    for grade in GRADES.values():
        with duckdb.connect(str(home.published / grade.file), read_only=True) as con:
            schemas[grade.name] = {
                s for (s,) in con.execute("select distinct schema_name from duckdb_tables()").fetchall()
            }
    assert schemas == {"open": {"bi_open"}, "analyst": {"bi"}, "people": {"marts"}}
    files = sorted(path.name for path in (home.published / "open").resolve().rglob("*") if path.is_file())
    assert files == ["kundbild_open.duckdb", "monthly_sales.parquet"] and told(home) == 1000


def test_the_open_grade_is_switched_gone_back_to_and_kept_with_the_others(filled, home, monkeypatch):
    for day in range(3):
        filled.execute(f"update bi_open.monthly_sales set order_count = {day}")
        snapshot.publish(filled, home, f"run-{day}", MOMENT + timedelta(days=day), keep=2)
    assert told(home) == 2 and len(list(home.published.glob("versions/*/open"))) == 2
    snapshot.rollback(home)
    assert told(home) == 1
    # one that cannot be written leaves the whole of the last publication
    real = snapshot._copy

    def broken(con, path, tables, **more):
        if path.name == "kundbild_open.duckdb":
            raise OSError(28, "No space left on device")
        return real(con, path, tables, **more)

    monkeypatch.setattr(snapshot, "_copy", broken)
    with pytest.raises(OSError, match="No space"):
        snapshot.publish(filled, home, "run-9", MOMENT + timedelta(days=9), keep=2)
    assert told(home) == 1 and rows(home.published / "kundbild.duckdb") == 1000
    # of a publication of before there was an open grade, nothing older is shown
    (older,) = [p.version for p in snapshot.list_publications(home) if p.run_id == "run-1"]
    shutil.rmtree(home.published / "versions" / older / "open")
    assert not (home.published / "open").exists() and rows(home.published / "kundbild.duckdb") == 1000


def test_an_erasure_leaves_the_open_grade_whole_and_would_take_a_row_of_somebodys_out_of_it(filled, home):
    snapshot.publish(filled, home, "run-1", MOMENT, keep=3)
    before = (home.published / OPEN.file).read_bytes()

    def theirs(table, columns):
        return Theirs("customer_id::varchar = '1'") if "customer_id" in columns else None

    (held,) = rewrite_publications(filled, home, theirs)
    assert told(home) == 1000 and (home.published / OPEN.file).read_bytes() == before
    assert snapshot.current(home).tables == {"bi.fct_orders": 1000, "marts.dim_customers": 0, "bi_open.monthly_sales": 1}  # fmt: skip
    # a model of a company's own that forgot what the grade is
    filled.execute("create table bi_open.own as select unnest([1, 2]) as customer_id, 'anna@berg.example' as name")
    snapshot.publish(filled, home, "run-2", MOMENT + timedelta(days=1), keep=3)
    assert rewrite_publications(filled, home, theirs) == [snapshot.current(home).version] != [held]
    with duckdb.connect(str(home.published / OPEN.file), read_only=True) as con:
        assert con.execute("select customer_id from bi_open.own").fetchall() == [(2,)]
    assert duckdb.sql(f"select customer_id from '{home.published}/open/parquet/own.parquet'").fetchall() == [(2,)]
    assert told(home) == 1000
