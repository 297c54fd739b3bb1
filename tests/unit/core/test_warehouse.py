"""What of the warehouse is there, asked by name: beside what DuckDB's catalogue says of it."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.warehouse import columns_of, has_table, quote, rows_of_table, transaction

# names as a source may have them
NAMES = ("plain", "Upper", "with space", "with.dot", 'with"quote', "år", "select")


@pytest.fixture
def con(tmp_path):
    with duckdb.connect(str(tmp_path / "ware house.duckdb")) as con:
        con.execute("create schema marts; create schema other; create temp table only_here as select 1 as n")
        for name in NAMES:
            con.execute(f"create table marts.{quote(name)} as select 1 as {quote(name)}, 'x' as more")
            con.execute(f"create view other.{quote(name)} as select * from marts.{quote(name)}")
        con.execute("create table other.gone_since as select 1 as n; create view other.broken as from other.gone_since; drop table other.gone_since")  # fmt: skip
        yield con


def test_what_is_there_is_found_by_its_name(con):
    for name in NAMES:
        assert columns_of(con, "marts", name) == columns_of(con, "other", name) == [name, "more"]
    assert columns_of(con, "marts", "gone") == [] == columns_of(con, "main", "only_here")
    # another database may be named as a schema is: views that name it by half are ambiguous from then on
    con.execute("attach ':memory:' as marts; create table marts.main.of_another as select 1 as n")
    in_catalogue = "select count(*) > 0 from duckdb_tables() where database_name = current_database() and schema_name = $1 and table_name = $2"
    asked = [(schema, name) for schema in ("marts", "other", "main", "no_schema") for name in (*NAMES, "broken", "gone", "only_here", "of_another")]  # fmt: skip
    found = {one: has_table(con, *one) for one in asked}
    assert found == {one: con.execute(in_catalogue, one).fetchall()[0][0] for one in asked}
    assert sum(found.values()) == len(NAMES)


def test_asking_for_what_is_not_there_ends_no_transaction(con):
    with transaction(con):
        con.execute("create table marts.new as select 1 as n")
        assert not any(has_table(con, "other", name) for name in ("gone", "broken"))
        assert not has_table(con, "gone", "gone")
        assert has_table(con, "marts", "new") and rows_of_table(con, "marts", "new") == 1
        con.execute("insert into marts.new select 2")
    con.execute("delete from marts.new where n = 1")
    assert rows_of_table(con, "marts", "new") == 1
    assert rows_of_table(con, "other", "plain") is None is rows_of_table(con, "marts", "gone")
