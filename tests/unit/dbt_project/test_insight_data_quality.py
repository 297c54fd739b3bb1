"""Data quality by night: nights noted by hand, against what one counts by hand; kept whatever becomes of the tables."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from orchestration.core import clock
from orchestration.core.settings import Quality
from orchestration.extract.records import prepare_ops
from orchestration.insight.quality_history import count_quality, note_night, prepare_quality
from tests.unit.compiled import compiled_models
from tests.unit.empty_tables import add_rows, empty_tables

MODELS = ("data_quality_by_night", "bi_data_quality_by_night")
FIRST = datetime(2026, 6, 1, 2)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, MODELS)


class Nights:
    def __init__(self, con, models: dict[str, str]) -> None:
        self.con = con
        prepare_ops(con)
        empty_tables(con, "customer_360", "books", "set_aside")
        prepare_quality(con, "none")
        for schema, model in zip(("insight", "bi"), MODELS, strict=True):
            con.execute(f"create schema if not exists {schema}")
            con.execute(f"create view {schema}.data_quality_by_night as {models[model]}")

    def customers(self, *missing: str | None, confirmed_on: date = date(2026, 1, 1), conflicting: int = 0) -> None:
        self.con.execute("delete from marts.customer_360")
        add_rows(self.con, "marts.customer_360", *(
            {"customer_id": f"c{n}", "missing_fields": fields, "address_confirmed_on": confirmed_on, "conflicting_fields": "email" if n < conflicting else None}
            for n, fields in enumerate(missing)
        ))  # fmt: skip

    def set_aside(self, rows: int, of: int) -> None:
        self.con.execute("delete from quarantine.books")
        add_rows(self.con, "quarantine.books", {"source_system": "shop", "entity": "orders", "raw_count": of, "quarantined_count": rows})  # fmt: skip

    def checked(self, run: str, at: datetime, **passed: str) -> None:
        for name, how in passed.items():
            self.con.execute("insert into ops.check_results values ($1, 'arrival', 'conformed.orders', $2, $3, $4, '{}', $5)",
                             [run, name, "WARN" if how == "warned" else "ERROR", how == "passed", at])  # fmt: skip

    def rows(self, where: str, columns: str, schema: str = "insight") -> list[tuple]:
        return self.con.execute(f"select {columns} from {schema}.data_quality_by_night where {where} order by all").fetchall()  # fmt: skip


@pytest.fixture
def nights(warehouse, models) -> Nights:
    return Nights(warehouse, models)


def test_a_night_tells_of_checks_of_what_is_set_aside_and_of_what_records_lack(nights):
    nights.checked("one", FIRST, a="passed", b="passed", c="warned", d="failed")
    nights.set_aside(7, 100)
    add_rows(nights.con, "quarantine.set_aside", {"source_system": "shop", "table_name": "sales", "kind": "rejected", "reason": "x", "reason_code": "x", "row_count": 6, "acknowledged_count": 0, "of_count": 50})  # fmt: skip
    nights.customers(*[None] * 11, *["phone, birth_date"] * 6, *["postal_code"] * 3, confirmed_on=date(2024, 5, 31))
    count_quality(nights.con, "one", FIRST, Quality())
    note_night(nights.con, "one", FIRST, "published")
    assert nights.rows("area in ('night', 'checks')", "area, subject, passed_count, warned_count, failed_count") == [
        ("checks", "conformed.orders", 2, 1, 1), ("night", "all checks", 2, 1, 1)]  # fmt: skip
    told = "area in ('set aside', 'records')"
    assert nights.rows(told, "source_system, subject, record_count, affected_count") == [
        ("shop", "orders", 100, 7), ("shop", "sales (rejected)", 50, 6), (None, "old address", 17, 17), (None, "sources disagree", 20, 0),
        (None, "without birth date", 20, 6), (None, "without country code", 20, 0), (None, "without email", 20, 0), (None, "without name", 20, 0),
        (None, "without phone", 20, 6), (None, "without postal code", 20, 3)]  # fmt: skip
    # analysts see no exact count of rows or people, and none of few
    assert nights.rows(told, "subject, record_count, affected_count", "bi") == [
        ("old address", 15, 15), ("orders", 100, 5), ("sales (rejected)", 50, 5), ("sources disagree", 20, 0),
        ("without birth date", 20, 5), ("without country code", 20, 0), ("without email", 20, 0), ("without name", 20, 0),
        ("without phone", 20, 5), ("without postal code", 20, None)]  # fmt: skip
    # the rest of a whole is of few too
    nights.customers(*["email"] * 18, None, None)
    count_quality(nights.con, "one", FIRST, Quality())
    assert nights.rows("subject = 'without email'", "record_count, affected_count", "bi") == [(20, None)]


def test_an_address_is_not_confirmed_lately_from_the_day_that_the_company_set(nights):
    nights.customers(*[None] * 5, confirmed_on=date(2026, 5, 30))
    for days, expected in ((2, 0), (1, 5)):
        count_quality(nights.con, "one", FIRST, Quality(max_address_age_days=days))
        note_night(nights.con, "one", FIRST, "published")
        assert nights.rows("subject = 'old address'", "affected_count") == [(expected,)]


def test_nights_that_failed_are_told_and_what_comes_later_changes_none_of_them(nights, warehouse):
    nights.customers(*["email"] * 6, None)
    nights.set_aside(3, 10)
    count_quality(warehouse, "one", FIRST, Quality())
    note_night(warehouse, "one", FIRST, "published")
    # stopped by a check before anything was counted, and again the same day with success
    nights.checked("two", FIRST + timedelta(days=1), a="failed")
    note_night(warehouse, "two", FIRST + timedelta(days=1), "held")
    note_night(warehouse, "three", FIRST + timedelta(days=1, hours=5), "published")
    outcome = "night_on, outcome, is_last_of_day, failed_count"
    told = [(date(2026, 6, 1), "published", True, 0), (date(2026, 6, 2), "held", False, 1), (date(2026, 6, 2), "published", True, 0)]  # fmt: skip
    assert nights.rows("area = 'night'", outcome) == told
    before = nights.rows("true", "*")
    # customers are erased, the marts built anew, and another night counts
    nights.customers(None)
    nights.set_aside(0, 9)
    count_quality(warehouse, "four", FIRST + timedelta(days=2), Quality())
    note_night(warehouse, "four", FIRST + timedelta(days=2), "published")
    assert [row for row in nights.rows("true", "*") if row[0] != "four"] == before
    assert nights.rows("run_id = 'four' and subject = 'without email'", "record_count, affected_count") == [(1, 0)]
    # the copying failed after all: the last word counts
    note_night(warehouse, "four", FIRST + timedelta(days=2), "held")
    assert nights.rows("area = 'night' and run_id = 'four'", "outcome") == [("held",)]


def test_a_source_tells_when_it_brought_rows_and_that_it_could_not_be_read(nights, warehouse, monkeypatch):
    def load(number: int, source: str, at: datetime, inserted: int) -> None:
        warehouse.execute("insert into ops.loads (load_id, source, table_name, loaded_at, source_rows, inserted, updated, unchanged, duplicates, rejected, deleted) "
                          "values ($1, $2, 't', $3, 9, $4, 0, 0, 0, 0, 0)", [number, source, at, inserted])  # fmt: skip
        warehouse.execute("insert or replace into ops.source_status values ($1, $2, true, '', null)", [source, at])

    def night(run: str, at: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)
        monkeypatch.setattr("orchestration.insight.quality_history.now", lambda: at)
        note_night(warehouse, run, at, "published")

    load(1, "shop", FIRST, 40)
    load(2, "club", FIRST, 8)
    night("one", FIRST + timedelta(minutes=9))
    load(3, "shop", FIRST + timedelta(days=1), 0)
    load(4, "shop", FIRST + timedelta(days=1), 6)
    warehouse.execute("update ops.source_status set is_ok = false where source = 'club'")
    night("two", FIRST + timedelta(days=1, minutes=9))
    second = FIRST + timedelta(days=1)
    assert nights.rows("area = 'sources'", "run_id, source_system, record_count, affected_count, newest_at", "bi") == [
        ("one", "club", 10, 0, FIRST), ("one", "shop", 40, 0, FIRST), ("two", "club", 0, 1, FIRST), ("two", "shop", 5, 0, second)]  # fmt: skip


def test_nights_that_nobody_noted_are_made_up_for(nights, warehouse):
    warehouse.execute("create table ops.runs (run_id varchar, ended_at timestamp, problems varchar[]); create table ops.publications (run_id varchar)")  # fmt: skip
    for run, at in zip(("old", "stopped", "by hand", "killed", "tonight"), (FIRST + timedelta(days=n) for n in range(5)), strict=True):  # fmt: skip
        nights.checked(run, at, a="passed")
    warehouse.execute("insert into ops.publications values ('old')")
    warehouse.execute("insert into ops.runs values ('old', now(), []), ('stopped', now(), ['it failed']), ('by hand', now(), [])")  # fmt: skip
    prepare_quality(warehouse, "tonight")
    assert nights.rows("area = 'night'", "run_id, outcome") == [("killed", "broken off"), ("old", "published"), ("stopped", "held")]  # fmt: skip
