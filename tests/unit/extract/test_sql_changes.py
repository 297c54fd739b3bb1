"""Incremental reads of databases lose nothing: late, backdated and unsorted rows are found; a source that empties is no success."""

from __future__ import annotations

import sqlite3
import threading
import time

import duckdb
import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw

COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "updated_at": "VARCHAR"}


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "crm.sqlite"
    rows = [(n, f"N{n}", f"2026-01-{n:02d}T00:00:00Z") for n in range(1, 29)]
    with sqlite3.connect(path) as con:
        con.execute("create table people (id integer, name text, updated_at text)")
        con.executemany("insert into people values (?, ?, ?)", rows)
    return path


@pytest.fixture
def load(home, warehouse, database):
    def go(url=None, columns=None, key=("id",), max_minutes=1, **table):
        spec = Table(columns=columns or COLUMNS, key=list(key), **{"cursor": "updated_at", "texts": [], **table})
        source = Source(
            connector="sql", url=url or f"sqlite:///{database}", tables={"people": spec}, max_minutes=max_minutes
        )
        settings = Settings(company="T", sources={"crm": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "crm")["people"]

    return go


@pytest.fixture
def raw(warehouse):
    return lambda columns="id": [
        row if len(row) > 1 else row[0]
        for row in warehouse.execute(
            f"select {columns} from raw_crm.people where _deleted_at is null order by all"
        ).fetchall()
    ]


def change(database, *statements):
    with sqlite3.connect(database) as con:
        for statement in statements:
            con.execute(statement)
    con.close()


def test_only_what_changed_is_read_with_a_day_of_overlap(load, database):
    load()
    counts = load()
    assert (counts.source_rows, counts.unchanged) == (2, 2)
    assert counts.way == "changes: updated_at from 2026-01-27 00:00 on"
    # committed late: its time is older than the newest row that was read
    change(database, "insert into people values (90, 'late', '2026-01-27T12:00:00Z')")
    assert load().inserted == 1


def test_a_backdated_row_is_found_by_its_key(load, database, raw):
    load(find_deletions=True)
    change(database, "insert into people values (90, 'old', '2019-01-01T00:00:00Z')", "delete from people where id = 1")
    counts = load(find_deletions=True)
    assert (counts.inserted, counts.deleted) == (1, 1) and counts.source_rows == 3
    assert 90 in raw() and 1 not in raw()


def test_a_row_without_a_cursor_is_read_too(load, database, raw):
    load()
    change(database, "insert into people values (90, 'none', null)")
    load()
    assert 90 in raw()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id", "'9' || id"),  # numbers as text: '10' sorts before '9'
        ("strftime('%d.%m.%Y', updated_at)", "'01.02.2026'"),
        ("id || ' of ' || name", "'a'"),
    ],
)
def test_a_cursor_whose_text_does_not_sort_is_not_relied_on(load, database, raw, old, new):
    change(database, f"update people set updated_at = {old}")
    load()
    change(database, f"update people set name = 'new', updated_at = {new} where id = 2")
    assert load().way.startswith("whole") and "new" in raw("name")


def test_statements_are_read_whole(load, database, raw):
    maps = [{"entity": "consent_events", "columns": {"source_key": "id", "status": "name", "stated_at": "updated_at"}}]
    load(maps=maps)
    change(database, "update people set name = 'withdrawn', updated_at = '2019-01-01T00:00:00Z' where id = 3")
    counts = load(maps=maps)
    assert counts.way.startswith("whole: statements") and counts.updated == 1
    assert (3, "withdrawn") in raw("id, name")
    assert load(maps=maps, read="changes").way.startswith("changes")


@pytest.mark.parametrize("more", [{}, {"find_deletions": True}, {"cursor": None}])
def test_a_table_that_is_suddenly_empty_is_no_success_and_deletes_nobody(load, database, raw, more):
    load(**more)
    change(database, "delete from people")
    with pytest.raises(SourceError, match="answers 0 rows, where there were 28") as caught:
        load(**more)
    assert len(raw()) == 28 and "max_volume_drop" in caught.value.to_do


@pytest.mark.parametrize("written", ["printf('%03d', id)", "id + 0.0", "' ' || id", "id || '.0'"])
@pytest.mark.parametrize("lag", [None, 24 * 365])
def test_a_key_is_compared_as_raw_holds_it_and_not_as_text(load, database, raw, written, lag):
    change(
        database,
        "create table t3 (id, name text, updated_at text)",
        f"insert into t3 select {written}, name, updated_at from people",
    )
    assert load(table="t3", find_deletions=True, cursor_lag=lag).inserted == 28
    counts = load(table="t3", find_deletions=True, cursor_lag=lag)
    assert (counts.deleted, counts.changed, len(raw())) == (0, 0, 28)
    change(database, "delete from t3 where name = 'N4'", "insert into t3 values ('090', 'old', '2019-01-01T00:00:00Z')")
    counts = load(table="t3", find_deletions=True, cursor_lag=lag)
    assert (counts.deleted, counts.inserted) == (1, 1) and 4 not in raw() and 90 in raw()


def test_a_source_whose_keys_are_other_ones_deletes_nobody(load, database, raw):
    load(find_deletions=True)
    change(database, "update people set id = id + 1000")
    with pytest.raises(SourceError, match="of the 28 keys that raw has it answers only 0") as caught:
        load(find_deletions=True)
    assert len(raw()) == 28 and "max_volume_drop" in caught.value.to_do and "(id)" in caught.value.to_do


def test_nor_is_one_that_lost_most_of_its_rows(load, database, raw):
    load(find_deletions=True)
    change(database, "delete from people where id > 5")
    with pytest.raises(SourceError, match="answers 5 rows"):
        load(find_deletions=True)
    assert len(raw()) == 28


@pytest.mark.parametrize(
    "more", [{"cursor": None}, {"read": "whole"}, {"key": ()}, {"cursor": None, "find_deletions": True}]
)
def test_nor_is_any_table_that_is_read_whole_and_lost_most_of_its_rows(load, database, raw, more):
    load(**more)
    change(database, "delete from people where id > 5")
    with pytest.raises(SourceError, match="answers 5 rows, where there were 28"):
        load(**more)
    assert len(raw()) == 28


def test_what_changed_is_no_fall_of_what_was_read_whole(load, database):
    """A night of a table with a cursor reads little, and that of all is measured by that of all before."""
    load()
    assert load().source_rows == 2
    change(database, "delete from people where id > 5")
    assert load().way.startswith("changes")


def test_a_table_without_a_key_has_each_row_once(load, database, raw):
    change(database, "insert into people values (1, 'N1', '2026-01-01T00:00:00Z')")
    load(key=())
    assert load(key=()).unchanged == 29
    change(database, "update people set name = 'new' where id = 2")
    counts = load(key=())
    assert (counts.inserted, counts.deleted, len(raw())) == (1, 1, 29)
    assert len(set(raw("_row_key"))) == 29


@pytest.mark.parametrize("wrong", ["'x' || n", "cast(x'c56bc5' as text)"])
def test_rows_that_are_rejected_each_night_do_not_cost_the_table(load, database, raw, wrong):
    change(database, "create table t2 as select id, name, updated_at, 1 as n from people", f"update t2 set n = {wrong} where id < 3")  # fmt: skip
    columns = {**COLUMNS, "n": "BIGINT"}
    for _ in range(3):
        counts = load(columns=columns, table="t2", find_deletions=True, cursor_lag=0)
        assert (counts.rejected, counts.deleted, len(raw())) == (2, 0, 26)
    change(database, "update t2 set n = 'new', updated_at = '2026-02-01T00:00:00Z' where id in (10, 11)")
    with pytest.raises(SourceError, match="column n is no longer BIGINT"):
        load(columns=columns, table="t2", find_deletions=True, cursor_lag=0)


def test_values_for_nothing_are_no_rejects(load, database):
    change(database, "create table t2 as select id, name, updated_at, 'N/A' as n from people")
    columns = {**COLUMNS, "n": "BIGINT"}
    counts = load(columns=columns, table="t2", cursor=None)
    assert (counts.inserted, counts.rejected) == (28, 0)


def test_a_duckdb_file_is_read_and_so_are_its_changes(load, raw, tmp_path):
    path = tmp_path / "other.duckdb"
    with duckdb.connect(path) as con:
        con.execute(
            "create table people as select n as id, 'N' || n as name, timestamp '2026-01-01' + to_days(n::int) as updated_at from range(30) t(n)"
        )
    columns = {**COLUMNS, "updated_at": "TIMESTAMP"}
    load(url=f"duckdb:///{path}", columns=columns, find_deletions=True)
    with duckdb.connect(path) as con:
        con.execute("delete from people where id = 3; insert into people values (99, 'new', '2026-03-01')")
    counts = load(url=f"duckdb:///{path}", columns=columns, find_deletions=True)
    assert (counts.inserted, counts.deleted) == (1, 1) and counts.way.startswith("changes")
    with pytest.raises(SourceError, match="no table persons"):
        load(url=f"duckdb:///{path}", columns=columns, table="persons")
    with pytest.raises(SourceError, match="file is missing"):
        load(url=f"duckdb:///{tmp_path}/nowhere.duckdb")


def test_a_driver_that_is_not_there_is_named(load):
    with pytest.raises(SourceError, match="no driver for snowflake://"):
        load(url="snowflake://u:p@account/db")


def test_a_locked_database_ends_in_bounded_time(load, database):
    load()
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("begin exclusive")
    started = time.monotonic()
    try:
        with pytest.raises(SourceError, match="another program held the database locked") as caught:
            load(max_minutes=0.05)
        assert time.monotonic() - started < 15
        assert "password" not in str(caught.value) and caught.value.is_whole_source
    finally:
        holder.close()


def test_a_database_that_is_locked_for_a_while_is_waited_for(load, database, raw):
    holder = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    holder.execute("begin exclusive")
    # longer than SQLite waits by itself
    release = threading.Timer(7, lambda: holder.execute("commit"))
    release.start()
    load(max_minutes=1)
    release.join()
    assert len(raw()) == 28


@pytest.mark.parametrize("answers", ["where x < 0", ""])
def test_a_query_of_sqlite_without_end_ends_with_the_time_of_its_source(load, database, monkeypatch, answers):
    errors: list = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    with sqlite3.connect(database) as con:
        con.execute("drop table people")
        names = ", ".join(f"x as {c}" for c in COLUMNS)
        con.execute(
            f"create view people as with recursive numbers(x) as (select 1 union all select x + 1 from numbers) select {names} "
            f"from numbers {answers}"
        )
    started = time.monotonic()
    with pytest.raises(SourceError, match=r"longer than the 0\.05 minutes"):
        load(max_minutes=0.05)
    assert time.monotonic() - started < 15 and not errors


def test_a_changed_type_is_taken_over_or_refused_with_what_to_do(load, database, raw, warehouse):
    load()
    load(columns={**COLUMNS, "id": "VARCHAR", "updated_at": "TIMESTAMP"})
    kinds = {name: kind for name, kind, *_ in warehouse.execute("describe raw_crm.people").fetchall()}
    assert (kinds["id"], kinds["updated_at"]) == ("VARCHAR", "TIMESTAMP") and len(raw()) == 28
    with pytest.raises(SourceError, match="column name was VARCHAR and is now declared DATE, but 28 values") as caught:
        load(columns={**COLUMNS, "name": "DATE"})
    assert "cast it in the mapping" in caught.value.to_do and len(raw()) == 28
