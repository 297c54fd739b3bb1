"""When a raw table is fresh: a file that was delivered is a sign of life, whether or not it brings a row."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data_quality.suites import raw
from orchestration.activation.statement_sources import statement_sources
from orchestration.core.clock import now
from orchestration.core.configuration import load_settings
from orchestration.core.errors import SourceError
from orchestration.core.settings import PROJECT_DIR, Settings, Source, Table
from orchestration.core.settings.maps import EntityMap
from orchestration.transform.runner import set_clock

COLUMNS = {"id": "VARCHAR", "said_at": "TIMESTAMP"}


@pytest.fixture
def is_fresh(warehouse):
    """Whether table t of source s is fresh at a time, by the check of each night."""

    def go(at: datetime, *, connector="files", fresh_within_hours: float | None = 48, **table) -> bool:
        spec = Table(columns=COLUMNS, path="*.csv", fresh_within_hours=fresh_within_hours, **table)
        settings = Settings(company="T", sources={"s": Source(connector=connector, url="/", tables={"t": spec})})
        (suite,) = raw.suites(settings, {})
        queries = [check.arguments["unexpected_rows_query"] for check in suite.checks if check.name == "is_fresh"]
        if not queries:
            return True
        (query,) = queries
        set_clock(warehouse, at)
        return not warehouse.execute(query.format(batch="raw_s.t")).fetchall()

    return go


def test_files_without_a_cursor_are_fresh_while_files_are_delivered(load_files, warehouse, is_fresh):
    load_files({"a_1.csv": "id,said_at\n1,2026-01-01\n"}, columns=COLUMNS)
    assert is_fresh(now() + timedelta(hours=47)) and not is_fresh(now() + timedelta(hours=49))
    # two days later a file comes that has no row
    for table, column in (("raw_s.t", "_extracted_at"), ("ops.loaded_files", "noted_at")):
        warehouse.execute(f"update {table} set {column} = {column} - interval 2 day")
    assert not is_fresh(now() + timedelta(hours=1))
    load_files({"a_2.csv": "id,said_at\n"}, columns=COLUMNS)
    assert is_fresh(now() + timedelta(hours=1)) and not is_fresh(now() + timedelta(hours=49))
    # where the source says when a row changed, that counts, but for a time that is still to come
    warehouse.execute("insert into raw_s.t by name select '2' as id, timestamp '2099-01-01' as said_at, _extracted_at, _load_id from raw_s.t limit 1")  # fmt: skip
    assert not is_fresh(now(), cursor="said_at") and is_fresh(datetime(2026, 1, 2), cursor="said_at")


def test_a_table_of_files_that_never_came_is_not_fresh(load_files, is_fresh):
    load_files(columns=COLUMNS, table={"optional": True})
    assert not is_fresh(now(), optional=True)


def test_files_of_statements_are_known_for_a_day_unless_said_otherwise_and_by_their_arrival_alone(
    load_files, warehouse, is_fresh
):
    """A cursor's newest value is when somebody last said something, which may be long ago."""
    load_files({"a_1.csv": "id,said_at\n1,2020-01-01\n"}, columns=COLUMNS)
    said = EntityMap(entity="consent_events", columns={"source_key": "id", "stated_at": "said_at"})
    bought = EntityMap(entity="orders", columns={"source_key": "id", "ordered_at": "said_at"})
    table = {"fresh_within_hours": None, "cursor": "said_at"}
    for hours, is_known in ((23, True), (25, False)):
        at = now() + timedelta(hours=hours)
        assert is_fresh(at, maps=[said], **table) == is_known
        # a database says all that it knows whenever it is read
        assert is_fresh(at, maps=[said], connector="sql", **table) and is_fresh(at, maps=[bought], **table)
        assert is_fresh(at, maps=[said], fresh_within_hours=25.5)


def test_a_source_is_stale_since_it_first_failed(load_files, warehouse):
    def since():
        return warehouse.execute("select is_ok, since from ops.source_status").fetchall()[0]

    load_files({"a.csv": "id,name,amount,day\n"})
    was_fresh, fresh_since = since()
    load_files()
    assert since() == (was_fresh, fresh_since) == (True, fresh_since)
    found = []
    for number in range(2):
        with pytest.raises(SourceError):
            load_files({f"b{number}.csv": ""})
        found.append(since())
    assert found[0] == found[1] and found[0][0] is False and found[0][1] > fresh_since


def test_every_statement_table_of_the_demo_has_a_clock():
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/nowhere"})
    tables = [
        (source, table) for source, names in statement_sources(settings).items() for table in names
        if source != "requests"  # nobody may ask for weeks
    ]  # fmt: skip
    assert len(tables) == 4
    assert [t for t in tables if not settings.sources[t[0]].tables[t[1]].fresh_within_hours] == []
