"""What was read of a source can be looked at, and read again: whole, or from a date on. Nothing is deleted, and nothing comes twice."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.errors import ConfigurationError, KundbildError
from orchestration.core.settings import Settings, Source
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.run.source_state import read_again, requests_that_stand, source_state

COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "updated_at": "TIMESTAMP"}


def rows_of(warehouse):
    return warehouse.execute("select id, name from raw_shop.t order by id").fetchall()


@pytest.fixture
def shop(home, warehouse, tmp_path):
    """(settings, a night, the database) of a table that changes without its cursor."""
    path = tmp_path / "shop.sqlite"
    con = sqlite3.connect(path)
    con.execute("create table t (id integer, name text, updated_at timestamp)")
    con.executemany("insert into t values (?, ?, ?)", [(n, f"N{n}", f"2026-0{n}-01 10:00:00") for n in range(1, 7)])
    con.commit()
    table = {"columns": COLUMNS, "key": ["id"], "cursor": "updated_at"}
    source = Source.model_validate({"connector": "sql", "url": f"sqlite:///{path}", "tables": {"t": table}})
    settings = Settings(company="T", sources={"shop": source})
    prepare_raw(warehouse, settings)
    yield settings, lambda: extract_source(warehouse, home, settings, "shop")["t"], con
    con.close()


def test_a_backfill_reads_from_a_date_on_once(shop, warehouse):
    settings, night, con = shop
    night()
    con.execute("update t set name = 'old' where id = 2")
    con.execute("update t set name = 'later' where id = 4")
    con.commit()
    assert night().updated == 0, "both lie before where a night begins by itself"
    read_again(warehouse, settings, "shop", [], datetime(2026, 3, 15))
    (state,) = source_state(warehouse, settings, "shop")
    assert state.again == "from 2026-03-15 00:00 UTC on" and "as was asked for" in state.next and state.rows == 6
    counts = night()
    assert counts.updated == 1 and "from 2026-03-15" in counts.way and (4, "later") in rows_of(warehouse)
    assert (2, "N2") in rows_of(warehouse) and "2026-03-15" not in night().way
    assert source_state(warehouse, settings, "shop")[0].again == ""


def test_a_reset_reads_everything_once_and_deletes_nothing(shop, warehouse):
    settings, night, con = shop
    night()
    con.execute("update t set name = 'old' where id = 2")
    con.commit()
    read_again(warehouse, settings, "shop", ["t"], None)
    counts = night()
    assert (counts.way, counts.updated, counts.deleted) == ("whole: as was asked for", 1, 0)
    assert night().way.startswith("changes") and len(rows_of(warehouse)) == 6


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        (None, datetime(2026, 3, 15), "everything"),
        (datetime(2026, 3, 15), None, "everything"),
        (datetime(2026, 2, 1), datetime(2026, 3, 15), "from 2026-02-01 00:00 UTC on"),
        (datetime(2026, 3, 15), datetime(2026, 2, 1), "from 2026-02-01 00:00 UTC on"),
    ],
)
def test_of_two_requests_the_wider_one_stands(shop, warehouse, first, second, stands):
    settings, night, con = shop
    night()
    con.execute("update t set name = 'old' where id = 2")
    con.commit()
    read_again(warehouse, settings, "shop", [], first)
    read_again(warehouse, settings, "shop", [], second)
    assert requests_that_stand(warehouse, "shop", ["t"]) == {"t": stands}
    assert night().updated == 1 and (2, "old") in rows_of(warehouse)
    # a request that was met narrows none
    read_again(warehouse, settings, "shop", [], datetime(2026, 5, 1))
    assert requests_that_stand(warehouse, "shop", ["t"]) == {"t": "from 2026-05-01 00:00 UTC on"}


def test_what_was_asked_for_stands_until_a_load_succeeds(shop, warehouse, tmp_path):
    settings, night, _ = shop
    night()
    read_again(warehouse, settings, "shop", [], None)
    (tmp_path / "shop.sqlite").rename(tmp_path / "away.sqlite")
    with pytest.raises(KundbildError):
        night()
    (tmp_path / "away.sqlite").rename(tmp_path / "shop.sqlite")
    assert night().way == "whole: as was asked for"


@pytest.mark.parametrize("key", [["id"], []])
def test_files_of_a_date_and_later_are_read_again_and_none_comes_twice(home, warehouse, tmp_path, key):
    folder = tmp_path / "in"
    folder.mkdir()
    for day in (1, 2, 3):
        (folder / f"t_2026-01-0{day}.csv").write_text(f"id,name\n{day},N{day}\n")
    table = {"columns": {"id": "BIGINT", "name": "VARCHAR"}, "key": key, "path": "t_*.csv"}
    source = Source.model_validate({"connector": "files", "url": str(folder), "tables": {"t": table}})
    settings = Settings(company="T", sources={"shop": source})
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "shop")
    assert source_state(warehouse, settings, "shop")[0].files == 3
    warehouse.execute("delete from raw_shop.t where id >= 2")
    assert extract_source(warehouse, home, settings, "shop")["t"].source_rows == 0
    assert read_again(warehouse, settings, "shop", [], datetime(2026, 1, 2)) == {"t": 2}
    counts = extract_source(warehouse, home, settings, "shop")["t"]
    assert (counts.source_rows, counts.inserted) == (2, 2)
    assert read_again(warehouse, settings, "shop", [], None) == {"t": 3}
    assert read_again(warehouse, settings, "shop", [], datetime(2026, 1, 2)) == {"t": 3}, "the wider request stands"
    counts = extract_source(warehouse, home, settings, "shop")["t"]
    assert (counts.source_rows, counts.inserted, counts.unchanged) == (3, 0, 3)
    assert rows_of(warehouse) == [(1, "N1"), (2, "N2"), (3, "N3")]
    assert extract_source(warehouse, home, settings, "shop")["t"].source_rows == 0


def test_a_source_or_a_table_that_is_not_there_is_told(shop, warehouse):
    settings, *_ = shop
    with pytest.raises(KundbildError, match="there is no source shoop"):
        source_state(warehouse, settings, "shoop")
    with pytest.raises(KundbildError, match="has no table tt"):
        read_again(warehouse, settings, "shop", ["tt"], None)


def test_what_is_switched_off_is_not_promised_to_the_next_night(shop, warehouse):
    settings, _, _ = shop
    off = settings.sources["shop"].model_copy(update={"enabled": False})
    with pytest.raises(KundbildError, match="is switched off"):
        read_again(warehouse, settings.model_copy(update={"sources": {"shop": off}}), "shop", [], None)


def test_nothing_can_be_read_again_from_a_day_to_come():
    asked = CliRunner().invoke(app, ["backfill", "crm", "--from", "2199-01-01"])
    assert isinstance(asked.exception, ConfigurationError) and "a day to come" in asked.exception.what
