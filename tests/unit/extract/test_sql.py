"""The SQL connector on SQLite: increments, deletions, drift, values that do not fit."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.server_reader import _Server
from orchestration.extract.sql_statements import Query, among, limits, select_rows

COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "updated_at": "VARCHAR"}


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "crm.sqlite"
    with sqlite3.connect(path) as con:
        con.execute("create table people (id integer primary key, name text, updated_at text)")
        con.executemany(
            "insert into people values (?, ?, ?)", [(n, f"N{n}", f"2026-01-0{n}T00:00:00Z") for n in (1, 2, 3)]
        )
    return path


@pytest.fixture
def load(home, warehouse, database):
    def go(url=None, columns=None, **table):
        spec = Table(
            columns=columns or COLUMNS, key=["id"], **{"cursor": "updated_at", "find_deletions": True, **table}
        )
        source = Source(connector="sql", url=url or f"sqlite:///{database}", tables={"people": spec})
        settings = Settings(company="T", sources={"crm": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "crm")["people"]

    return go


def change(database, *statements):
    with sqlite3.connect(database) as con:
        for statement in statements:
            con.execute(statement)
    con.close()


def test_new_changed_late_and_deleted_rows(load, database, warehouse):
    assert load().inserted == 3
    counts = load()
    assert (counts.inserted, counts.updated, counts.deleted) == (0, 0, 0)
    change(
        database,
        "insert into people values (4, 'N4', '2026-01-09T00:00:00Z')",
        "update people set name = 'new', updated_at = '2026-01-09T00:00:00Z' where id = 1",
        "delete from people where id = 2",
    )
    counts = load()
    assert (counts.inserted, counts.updated, counts.deleted) == (1, 1, 1)
    rows = warehouse.execute("select id, name, _deleted_at is not null from raw_crm.people order by id").fetchall()
    assert rows == [(1, "new", False), (2, "N2", True), (3, "N3", False), (4, "N4", False)]


def test_a_deleted_row_that_comes_back_stands_again(load, database, warehouse):
    load()
    change(database, "delete from people where id = 2")
    load()
    change(database, "insert into people values (2, 'N2', '2026-02-01T00:00:00Z')")
    load()
    assert warehouse.execute("select count(*) from raw_crm.people where _deleted_at is null").fetchall() == [(3,)]


def test_a_row_restored_with_its_old_time_stands_again(load, database, warehouse):
    load()
    change(database, "delete from people where id = 1")
    load()
    change(database, "insert into people values (1, 'N1', '2026-01-01T00:00:00Z')")
    load()
    assert warehouse.execute("select count(*) from raw_crm.people where _deleted_at is null").fetchall() == [(3,)]


def test_values_that_do_not_fit_are_rejected_with_the_column(load, database, warehouse):
    change(
        database,
        "create table t2 as select id, name, updated_at from people",
        "insert into t2 values ('four', 'x', null)",
    )
    counts = load(table="t2", cursor=None)
    assert (counts.inserted, counts.rejected, counts.source_rows) == (3, 1, 4)
    found = warehouse.execute("select column_name, reason from quarantine.rejected_rows").fetchall()
    assert found == [("id", "not of the declared type")]


@pytest.mark.parametrize("more", [{}, {"cursor": None}])
def test_a_row_whose_text_is_no_utf_8_is_rejected_and_the_others_are_loaded(load, database, warehouse, more):
    change(database, "insert into people values (4, cast(x'c56bc5' as text), '2026-01-04T00:00:00Z')")
    counts = load(**more)
    assert (counts.inserted, counts.rejected, counts.source_rows) == (3, 1, 4)
    found = warehouse.execute(
        "select column_name, reason, content::json->>'id' from quarantine.rejected_rows"
    ).fetchall()
    assert found == [("name", "not UTF-8", "4")]
    # a row that was loaded before keeps what it was, and stands
    change(
        database,
        "update people set name = cast(x'c56bc5' as text), updated_at = '2026-01-05T00:00:00Z' where id = 2",
        "delete from people where id = 1",
    )
    counts = load(**more)
    assert (counts.rejected, counts.deleted) == (2, 1)
    rows = warehouse.execute("select id, name from raw_crm.people where _deleted_at is null order by id").fetchall()
    assert rows == [(2, "N2"), (3, "N3")]


def test_text_of_another_encoding_stops_the_table(load, database):
    change(database, "update people set name = cast(x'c56bc5' as text)")
    with pytest.raises(SourceError, match="text of column name is not UTF-8 in 3 of 3 rows"):
        load()


def test_a_renamed_column_stops_the_source(load, database):
    change(database, "alter table people add column colour text")
    change(database, "alter table people rename column name to full_name")
    # nobody knows what was there before a first load
    with pytest.raises(SourceError, match=r"column name is gone; not declared there: full_name, colour \(renamed\?\)"):
        load()
    change(database, "alter table people rename column full_name to name")
    load()
    change(database, "alter table people rename column name to full_name")
    with pytest.raises(SourceError, match=r"column name is gone; new there: full_name \(renamed\?\)"):
        load()


def test_an_undeclared_column_is_told_and_does_not_enter(load, database, warehouse):
    load()
    change(
        database,
        "alter table people add column colour text",
        "insert into people values (9, 'N9', '2026-03-01', 'red')",
    )
    assert load().added_columns == ["colour"]
    assert "colour" not in {column for column, *_ in warehouse.execute("describe raw_crm.people").fetchall()}


@pytest.mark.parametrize("kind", ["TIMESTAMP", "DATE", "TIMESTAMPTZ"])
def test_a_time_that_never_comes_is_none_and_one_before_all_calendars_is_rejected(load, database, warehouse, kind):
    change(
        database,
        "update people set updated_at = 'infinity' where id = 2",
        "update people set updated_at = '-infinity' where id = 3",
    )
    counts = load(columns={**COLUMNS, "updated_at": kind}, cursor=None)
    assert (counts.inserted, counts.rejected, counts.source_rows) == (2, 1, 3)
    rows = warehouse.execute("select id, updated_at is null from raw_crm.people order by id").fetchall()
    assert rows == [(1, False), (2, True)]
    found = warehouse.execute(
        "select column_name, reason, content::json->>'id' from quarantine.rejected_rows"
    ).fetchall()
    assert found == [("updated_at", "time before all calendars", "3")]


def test_a_missing_table_and_a_missing_file_are_named(load, tmp_path):
    with pytest.raises(SourceError, match="no table persons"):
        load(table="persons")
    with pytest.raises(SourceError, match="file is missing"):
        load(url=f"sqlite:///{tmp_path}/nowhere.sqlite")


def test_a_table_that_its_database_cannot_read_costs_only_itself(home, warehouse, database):
    change(database, "create table gone (id integer)", "create view broken as select * from gone", "drop table gone")
    change(database, "create table orders (id integer primary key)", "insert into orders values (1)")
    tables = {name: Table(columns={"id": "BIGINT"}, key=["id"], texts=[]) for name in ("broken", "orders")}
    source = Source(connector="sql", url=f"sqlite:///{database}", tables=tables)
    settings = Settings(company="T", sources={"crm": source})
    prepare_raw(warehouse, settings)
    with pytest.raises(SourceError, match="table broken") as caught:
        extract_source(warehouse, home, settings, "crm")
    assert set(caught.value.tables) == {"broken"}
    assert warehouse.execute("select id from raw_crm.orders").fetchall() == [(1,)]


def test_a_database_that_is_down_is_named_without_its_password(load):
    with pytest.raises(SourceError, match="cannot be read") as caught:
        load(url="postgresql://user:hunter2@127.0.0.1:9/db")
    assert "hunter2" not in str(caught.value) and caught.value.is_passing


def test_a_cursor_in_the_future_does_not_hide_later_changes(load, database):
    change(database, "update people set updated_at = '2999-01-01T00:00:00Z' where id = 3")
    assert load().rejected == 1
    change(database, "update people set name = 'new', updated_at = '2026-01-05T00:00:00Z' where id = 1")
    assert load().updated == 1


@pytest.mark.parametrize("url", ["postgresql+psycopg://h/d", "mysql+pymysql://h/d", "sqlite://"])
def test_a_percent_sign_is_sent_as_it_is(url):
    keys = ["A%1", "100%%", "%(x)s", "%s"]
    query = Query(
        "t", ["rabatt%"], {"rabatt%": sa.String(), "id": sa.String()}, where=among(["id"], [(key,) for key in keys])
    )
    sql = select_rows(sa.create_engine(url), query)
    assert all(f"'{key}'" in sql for key in keys)
    assert "rabatt%" in sql and "rabatt%%" not in sql


def test_a_database_without_a_reader_of_its_own_is_asked_for_what_looks_like_parameters(tmp_path):
    keys = ["A%1", "100%%", "%(x)s", ":x", "?"]
    with sqlite3.connect(tmp_path / "s.sqlite") as database:
        database.execute('create table t (id text, "rabatt%" text)')
        database.executemany("insert into t values (?, ?)", [(key, key) for key in [*keys, "other"]])
    found = {"id": sa.String(), "rabatt%": sa.String()}
    query = Query("t", ["rabatt%"], found, where=among(["id"], [(key,) for key in keys]))
    server = _Server(sa.make_url(f"sqlite:///{tmp_path}/s.sqlite"), 60)
    with server.rows(query, 60) as reader:
        assert sorted(row["rabatt%"] for row in reader.read_all().to_pylist()) == sorted(keys)


@pytest.mark.parametrize("seconds", [3.0, 3.4])
def test_a_server_gives_up_after_the_source_so_that_the_time_is_told_here(seconds):
    url, _ = limits(sa.make_url("postgresql://u@h/d"), seconds)
    assert f"statement_timeout={4000 if seconds == 3 else 5000}" in url.query["options"]
    assert limits(sa.make_url("mysql+pymysql://u@h/d"), seconds)[1]["read_timeout"] > seconds
