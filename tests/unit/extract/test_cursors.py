"""Since when a table is read: clocks with an offset, the night that ends summer, numbers that are ahead."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

import duckdb
import pytest
import sqlalchemy as sa

from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.cursors import since
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.sql_statements import changed


@pytest.fixture
def start(warehouse):
    """Since when a table is read whose raw rows have these cursors."""

    def go(kind, *cursors, zone="Europe/Stockholm", lag=0.25):
        table = Table(columns={"id": "BIGINT", "moved": kind}, key=["id"], cursor="moved", cursor_lag=lag)
        source = Source(connector="sql", url="sqlite://", tables={"t": table}, timezone=zone, full_read_days=0)
        prepare_raw(warehouse, Settings(company="T", sources={"s": source}))
        warehouse.execute("delete from raw_s.t")
        for number, cursor in enumerate(cursors):
            warehouse.execute(f"insert into raw_s.t (id, moved) values (?, ?::{kind})", [number, cursor])
        return since(warehouse, "s", source, "t", table)

    return go


@pytest.mark.parametrize(
    ("kind", "newest"),
    [
        ("TIMESTAMP", "2025-01-10 15:04:00"),
        ("TIMESTAMPTZ", "2025-01-10 14:04:00+00"),
        ("VARCHAR", "2025-01-10T15:04:00"),
        ("VARCHAR", "2025-01-10T15:04:00+01:00"),
    ],
)
def test_a_time_of_the_source_s_clock_is_asked_for_as_the_instant_that_it_is(start, kind, newest):
    found = start(kind, newest)
    assert found.value == datetime(2025, 1, 10, 13, 49)
    assert found.clock == datetime(2025, 1, 10, 14, 49) and found.way.endswith("from 2025-01-10 14:49 on")


@pytest.mark.parametrize(
    ("kind", "newest"),
    [
        ("TIMESTAMP", "2025-01-10 15:04:00"),
        ("TIMESTAMPTZ", "2025-01-10 14:04:00+00"),
        ("VARCHAR", "2025-01-10T15:04:00"),
    ],
)
def test_a_time_that_is_ahead_of_the_clock_does_not_count(start, kind, newest):
    """A row of less than a day ahead is loaded, for its zone may be another: what changes until then is asked for."""
    ahead = f"{datetime.now() + timedelta(hours=20):%Y-%m-%d %H:%M:%S}"
    ahead = ahead.replace(" ", newest[10]) + newest[19:]
    assert start(kind, newest, ahead).value == datetime(2025, 1, 10, 13, 49)


def test_a_column_with_a_zone_is_compared_as_an_instant_and_one_without_by_the_source_s_clock(start):
    found = start("TIMESTAMP", "2025-01-10 15:04:00")

    def asked(kind):
        table = sa.table("t", sa.column("moved", kind))
        return str(changed("moved", kind, found)(table.c).compile(compile_kwargs={"literal_binds": True}))

    assert "'2025-01-10 13:49:00+00:00'" in asked(sa.DateTime(timezone=True))
    assert "'2025-01-10 14:49:00'" in asked(sa.DateTime())


@pytest.mark.parametrize(
    ("values", "written"),
    [
        (["1736500000.25", "1736503600.5"], "1736503600"),  # seconds since 1970, as dlt writes the id of a load
        (["1736500000", "999999999"], None),
        (["996", "997"], None),  # the next one with a digit more sorts below
    ],
)
def test_seconds_as_text_are_asked_for_as_text_and_other_numbers_are_not(start, values, written):
    assert start("VARCHAR", *values).text == written


@pytest.mark.parametrize("kind", ["TIMESTAMP", "VARCHAR"])
def test_in_the_hour_that_comes_twice_the_first_is_meant(start, kind):
    found = start(kind, "2025-10-26 02:50:00")
    assert found.value == datetime(2025, 10, 26, 0, 35)
    # a later row may show an earlier clock
    assert found.clock <= datetime(2025, 10, 26, 2, 10)


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "America/New_York"])
@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMPTZ", "DATE", "VARCHAR"])
@pytest.mark.parametrize("end", ["0001-01-01", "0044-03-15 (BC)"])
def test_a_time_before_every_calendar_counts_as_none(start, kind, zone, end):
    assert start(kind, end, zone=zone).is_whole
    assert start(kind, end, "2025-01-10", zone=zone).value.year == 2025


@pytest.mark.parametrize("newest", ["2025-01-10T09:04:00-05:00", "2025-01-10T09:04-05:00", "2025-01-10 09:04:00.5-05"])
def test_text_that_is_behind_utc_is_asked_for_as_it_is_written(start, newest):
    assert start("VARCHAR", newest, zone=None).text <= newest[:10] + newest[10] + "08:49:00"


def test_a_row_that_comes_late_is_loaded_whatever_the_offset(home, warehouse, tmp_path):
    lite, duck = tmp_path / "s.sqlite", tmp_path / "s.duckdb"
    columns = {"id": "BIGINT", "moved": "VARCHAR", "there": "TIMESTAMP"}
    rows = ["(1, '2025-01-10T09:04:00-05:00', '2025-01-10 14:04:00+00')"]
    late = ["(2, '2025-01-10T08:55:00-05:00', '2025-01-10 13:55:00+00')"]

    def load(url, cursor):
        table = Table(columns=columns, key=["id"], cursor=cursor, cursor_lag=0.25)
        source = Source(connector="sql", url=url, tables={"t": table}, timezone="Europe/Stockholm")
        settings = Settings(company="T", sources={cursor + url.split(":")[0]: source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, cursor + url.split(":")[0])["t"]

    urls = [f"sqlite:///{lite}", f"duckdb:///{duck}"]
    for values in (rows, late):
        with sqlite3.connect(lite) as con:
            con.execute("create table if not exists t (id integer, moved text, there datetime)")
            con.execute(f"insert into t values {values[0]}")
        con.close()
        with duckdb.connect(duck) as con:
            con.execute("create table if not exists t (id integer, moved varchar, there timestamptz)")
            con.execute(f"insert into t values {values[0]}")
        for url in urls:
            for cursor in ("moved", "there"):
                counts = load(url, cursor)
                assert counts.inserted == 1 and counts.way.startswith("whole" if values is rows else "changes")


@pytest.mark.parametrize("kind", ["BIGINT", "DOUBLE", "DECIMAL(20, 0)", "VARCHAR"])
@pytest.mark.parametrize(
    ("times", "ahead"),
    [
        ((1736500000, 1736500100), 1736500200000),  # one row in milliseconds
        ((1736500000, 1736500100), 32503680000),  # the year 3000
        ((1736500000000, 1736500000100), 1736500000200000),
        ((20250109, 20250110), 29990101),
        ((20250110120000, 20250110120100), 29990101000000),
    ],
)
def test_a_number_that_is_ahead_of_the_clock_does_not_count(start, kind, times, ahead):
    assert start(kind, *map(str, (*times, ahead)), lag=0).value == times[-1]


def test_a_number_that_is_no_time_counts_whatever_it_is(start):
    assert start("BIGINT", "1", "5", "2000000000", lag=0).value == 2000000000


_OLD, _NEW = ("old", "2025-10-26T02:50:00+02:00"), ("new", "2025-10-26T02:10:00+01:00")
_SHOP = {"id": "BIGINT", "name": "VARCHAR", "moved": "TIMESTAMP"}


def _lines(format, *rows):
    if format == "csv":
        return "id,name,moved\n" + "".join(f"1,{name},{moved}\n" for name, moved in rows)
    return "".join(json.dumps({"id": 1, "name": name, "moved": moved}) + "\n" for name, moved in rows)


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize("is_second", [False, True])
@pytest.mark.parametrize("rows", [(_OLD, _NEW), (_NEW, _OLD)])
def test_of_two_rows_in_the_hour_that_comes_twice_the_newer_stands(load_files, warehouse, format, is_second, rows):
    more = {"format": format, "columns": _SHOP, "cursor": "moved", "timezone": "Europe/Stockholm"}
    if is_second:
        load_files({"a.txt": _lines(format, ("first", "2025-01-01T00:00:00+01:00"))}, **more)
    counts = load_files({"b.txt": _lines(format, *rows)}, **more)
    assert counts.duplicates == 1
    assert warehouse.execute("select name, moved::varchar from raw_s.t").fetchall() == [("new", "2025-10-26 02:10:00")]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_a_later_file_counts_unless_its_row_is_surely_older(load_files, warehouse, format):
    more = {"format": format, "columns": _SHOP, "cursor": "moved", "timezone": "Europe/Stockholm"}
    load_files({"a.txt": _lines(format, _OLD)}, **more)
    load_files({"b.txt": _lines(format, _NEW)}, **more)
    load_files({"c.txt": _lines(format, ("older", "2025-10-26T01:50:00+02:00"))}, **more)
    assert warehouse.execute("select name from raw_s.t").fetchall() == [("new",)]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_of_a_cursor_that_keeps_its_instant_the_newer_row_stands_whatever_comes_later(load_files, warehouse, format):
    columns = _SHOP | {"moved": "TIMESTAMPTZ"}
    more = {"format": format, "columns": columns, "cursor": "moved", "timezone": "Europe/Stockholm"}
    load_files({"a.txt": _lines(format, _NEW)}, **more)
    load_files({"b.txt": _lines(format, _OLD)}, **more)
    assert warehouse.execute("select name from raw_s.t").fetchall() == [("new",)]


def test_a_row_of_the_future_hides_none_of_the_same_first_file(load_files, warehouse):
    rows = [("good", "2025-10-26T02:50:00"), ("ahead", "2999-01-01T00:00:00")]
    counts = load_files({"a.txt": _lines("csv", *rows)}, columns=_SHOP, cursor="moved")
    assert (counts.inserted, counts.rejected) == (1, 1)
    assert warehouse.execute("select name from raw_s.t").fetchall() == [("good",)]


def test_a_number_that_is_ahead_does_not_count_where_most_stand_for_nothing(start):
    assert start("BIGINT", *[0] * 30, 1736500000, 1736510000, 32472144000, lag=0).value == 1736510000


def test_a_text_of_a_lower_offset_than_any_so_far_is_asked_for(start):
    found = start("VARCHAR", "2025-01-10T15:04:00+01:00", lag=0)
    assert found.text is not None and found.text <= "2025-01-10T02:04:00-12:00"
    # without offsets of their own, texts are compared by the source's clock
    assert start("VARCHAR", "2025-01-10T15:04:00", lag=0).text == "2025-01-10T14:04:00"
    assert start("VARCHAR", "2025-01-10T15:04:00Z", lag=0).text == "2025-01-10T15:04:00"


@pytest.mark.parametrize("kind", ["VARCHAR", "TIMESTAMP", "TIMESTAMPTZ", "DATE"])
def test_dates_of_two_digits_order_nothing_and_what_comes_later_counts(load_files, warehouse, kind):
    """To a cast 31/05/26 is of the year 31, and 01/06/26 of the year 1."""
    more = {"columns": _SHOP | {"moved": kind}, "cursor": "moved"}
    load_files({"a.txt": _lines("csv", ("old", "31/05/26"))}, **more)
    load_files({"b.txt": _lines("csv", ("older", "31/05/26"), ("new", "01/06/26"))}, **more)
    assert warehouse.execute("select name from raw_s.t").fetchall() == [("new",)]


@pytest.mark.parametrize("newest", [2**62 + 600, 2**53 + 3, 2**62])
def test_a_number_beyond_what_a_double_holds_is_not_asked_for_from_above_the_newest_row(start, newest):
    assert newest - 2000 < int(start("BIGINT", newest, lag=0).value) <= newest
