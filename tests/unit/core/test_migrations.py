"""Homes outlive versions: an older one is brought up to date, a newer one is refused before anything is touched."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli.quarantine import quarantine_app
from orchestration.core.errors import HomeVersionError
from orchestration.core.migrations import bring_up_to_date, opened, shapes
from orchestration.core.migrations.shapes import declared, shapes_of
from orchestration.core.migrations.steps import STEPS
from orchestration.core.settings import PROJECT_DIR, Engine
from orchestration.run.doctor import examine
from orchestration.run.status import read_status

HOMES = Path(__file__).parents[1] / "homes"


@pytest.mark.parametrize("name", ["first", "with_scores"])
def test_an_older_home_gets_the_shape_of_today_and_keeps_what_no_source_gives_again(home, name):
    """`homes/*.sql`: the tables of homes that earlier versions built."""
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute((HOMES / f"{name}.sql").read_text())
        con.execute(
            "insert into identity.customer_source_records by name select 'c1' as customer_id, 1 as record_id, 'crm' as source_system, "
            "'1' as source_key, timestamp '2026-01-01' as valid_from"
        )
        changed = bring_up_to_date(con, home, is_night=True)
        assert changed
        there = shapes_of(con)
        for table, shape in declared().items():
            assert table not in there or there[table].is_like(shape), table
        assert con.execute("select customer_id, source_key from identity.customer_source_records").fetchall() == [
            ("c1", "1")
        ]
        assert bring_up_to_date(con, home) == []


def test_void_grants_of_an_older_home_never_were_grants_and_corrections_keep_their_rows(home):
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            "create schema identity; create table identity.void_grants as select 'crm' as person_system, '1' as person_key, 'a@x.se' as contact_point; "
            "create table identity.corrections (source_system varchar not null, source_key varchar not null, field varchar not null, value varchar, "
            "corrected_at timestamp not null, request_id varchar not null, primary key (source_system, source_key, field)); "
            "insert into identity.corrections values ('crm', '1', 'email', 'b@x.se', '2026-01-01', 'r1')"
        )
        assert {"identity.void_grants", "identity.corrections"} <= set(bring_up_to_date(con, home))
        assert con.execute("from identity.void_grants").fetchall() == [("crm", "1", "a@x.se", None, None, None)]
        assert con.execute("select value, earlier from identity.corrections").fetchall() == [("b@x.se", None)]


@pytest.mark.parametrize("name", ["first", "with_scores"])
def test_who_only_looks_at_an_older_home_is_told_that_it_is_one(home, name, monkeypatch):
    """`status` and `doctor` open the warehouse read-only: nothing is brought up to date for them."""
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute((HOMES / f"{name}.sql").read_text())
        con.execute("create schema if not exists ops; drop table if exists ops.runs")
        con.execute("create table ops.runs (run_id varchar, ended_at timestamp)")
        con.execute("create schema if not exists identity; drop table if exists identity.untied_withdrawals")
        con.execute("create table identity.untied_withdrawals (source_system varchar, entity varchar, reason varchar)")
        con.execute("create table quarantine.set_aside (source_system varchar, table_name varchar, row_count bigint)")
        con.execute("create or replace table ops.source_status (source varchar, is_ok boolean)")
    before = home.warehouse.read_bytes()
    found = read_status()
    assert [told for told in found["unread"] if "what is set aside" in told and "kundbild run" in told], found
    assert len(found["unread"]) == 3 and found["set_aside"] == [] and found["last_run"] is None
    migration = {finding.what: finding for finding in examine()}["migration"]
    assert migration.is_ok and "identity.untied_withdrawals" in migration.found and "kundbild run" in migration.to_do
    assert home.warehouse.read_bytes() == before
    with duckdb.connect(str(home.warehouse)) as con:
        bring_up_to_date(con, home, is_night=True)
    assert "migration" not in {finding.what for finding in examine()}


def test_rows_that_an_older_dbt_project_set_aside_are_read_after_a_night(home, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with opened(home, Engine(), "first") as con:
        con.execute("create schema if not exists quarantine; create table quarantine.set_aside (source_system varchar)")
        con.execute(
            "create table quarantine.quarantined_rows (source_system varchar, entity varchar, source_key varchar, reason varchar, load_id bigint)"
        )
    for arguments in (["list"], ["list", "--keys"], ["acknowledge", "crm", "people", "--note", "seen"]):
        result = CliRunner().invoke(quarantine_app, arguments)
        assert isinstance(result.exception, HomeVersionError) and "kundbild run" in result.exception.to_do, arguments


def test_a_command_that_is_no_night_says_that_derived_tables_are_to_be_built(home):
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema identity; create table identity.scored_pairs (left_id ubigint, bits double)")
        con.execute("create table identity.decisions (left_system varchar)")
    with pytest.raises(HomeVersionError, match="identity have another shape"), opened(home, Engine(), "looking"):
        pass
    with duckdb.connect(str(home.warehouse)) as con:
        assert con.execute("select count(*) from duckdb_columns() where table_name = 'decisions'").fetchone() == (1,)
        assert "identity.scored_pairs" in bring_up_to_date(con, home, is_night=True)
        assert not con.execute("from duckdb_tables() where table_name = 'scored_pairs'").fetchall()


def test_an_older_program_refuses_a_newer_home_and_touches_nothing(home, monkeypatch):
    with opened(home, Engine(), "first") as con:
        con.execute("create table ops.of_tomorrow (a integer)")
        shape = [*json.loads(con.execute("select shape from ops.home").fetchall()[0][0]), "ops.of_tomorrow.a"]
        con.execute("update ops.home set program = 'tomorrow', shape = $shape", {"shape": json.dumps(shape)})
    before = home.warehouse.read_bytes()
    with (
        pytest.raises(HomeVersionError, match="newer version of Kundbild") as told,
        opened(home, Engine(), "second"),
    ):
        pass
    assert "of_tomorrow" in str(told.value) and told.value.to_do
    assert "schema version" not in str(told.value)  # it is the same
    assert home.warehouse.read_bytes() == before
    # a column that a later version dropped is named, and its home is not newer
    monkeypatch.setattr("orchestration.core.migrations.REMOVED", {"ops.of_tomorrow.a"})
    with opened(home, Engine(), "third") as con:
        assert con.execute("select count(*) from ops.home where program <> 'tomorrow'").fetchone() == (1,)


def test_a_step_runs_once_and_a_home_of_more_steps_is_newer(home, monkeypatch):
    with opened(home, Engine(), "first") as con:
        con.execute("create table ops.counted (n integer); insert into ops.counted values (0)")
        con.execute("update ops.home set program = 'yesterday'")
    monkeypatch.setattr("orchestration.core.migrations.STEPS", [*STEPS, "update ops.counted set n = n + 1"])
    for _ in range(2):
        with opened(home, Engine(), "second") as con:
            assert con.execute("select n from ops.counted").fetchone() == (1,)
            con.execute("update ops.home set program = 'another'")
    monkeypatch.setattr("orchestration.core.migrations.STEPS", STEPS)
    with (
        pytest.raises(HomeVersionError, match=f"schema version {len(STEPS) + 1}; this program knows {len(STEPS)}"),
        opened(home, Engine(), "x"),
    ):
        pass


def test_traces_of_dlt_that_an_older_version_wrote_go_once(home):
    trace = home.landing / "api" / "things" / "packages" / "api__things" / "trace.pickle"
    state = trace.with_name("state.json")
    trace.parent.mkdir(parents=True)
    for path in (trace, state):
        path.write_text("?token=secret")
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute((HOMES / "first.sql").read_text())
        bring_up_to_date(con, home, is_night=True)
        assert not trace.exists() and state.exists()
        assert con.execute("select schema_version from ops.home").fetchone() == (len(STEPS),)
        # a home that went through it is not searched again, by another program either
        trace.write_text("")
        con.execute("update ops.home set program = 'another'")
        bring_up_to_date(con, home)
        assert trace.exists()


def test_a_step_that_fails_leaves_the_home_as_it_was(home, monkeypatch):
    with opened(home, Engine(), "first") as con:
        con.execute("create table ops.counted (n integer); insert into ops.counted values (0)")
        con.execute("update ops.home set program = 'yesterday'")
    broken = ["update ops.counted set n = 1; select error('no')"]
    monkeypatch.setattr("orchestration.core.migrations.STEPS", [*STEPS, *broken])
    with pytest.raises(duckdb.Error), opened(home, Engine(), "second"):
        pass
    monkeypatch.setattr("orchestration.core.migrations.STEPS", STEPS)
    with opened(home, Engine(), "third") as con:
        assert con.execute("select n from ops.counted").fetchone() == (0,)


def test_a_new_column_gets_its_default_and_a_new_key_holds(home, monkeypatch):
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema ops; create table ops.loads (load_id bigint, source varchar)")
        con.execute("insert into ops.loads values (7, 'crm')")
        assert "ops.loads" in bring_up_to_date(con, home)
        rows = con.execute("select load_id, source, table_name, source_rows, loaded_at from ops.loads").fetchall()
        assert [(*row[:4], row[4].year) for row in rows] == [(7, "crm", "unknown", 0, 1970)]
        with pytest.raises(duckdb.ConstraintException):
            con.execute("insert into ops.loads select * from ops.loads")


def test_rows_that_were_rejected_without_a_code_get_it_once(home):
    """What another row of its key replaced was read: without its code, it would count as a line that could not be."""
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            "create schema quarantine; create table quarantine.rejected_rows (load_id bigint not null, source varchar not null, "
            "table_name varchar not null, file varchar, line bigint, column_name varchar, reason varchar not null, content varchar)"
        )
        reasons = ("replaced by another row of its key", "the header line again", "missing columns", "in other words")
        for reason in reasons:
            con.execute(
                "insert into quarantine.rejected_rows values (1, 'crm', 't', null, null, null, $reason, 'x')",
                {"reason": reason},
            )
        assert "quarantine.rejected_rows" in bring_up_to_date(con, home)
        told = con.execute("select reason, reason_code, content from quarantine.rejected_rows").fetchall()
        codes = ("replaced", "header_again", "missing_columns", "unknown")
        assert sorted(told) == sorted(zip(reasons, codes, "xxxx", strict=True))


def test_a_value_that_this_version_does_not_know_is_never_dropped(home, monkeypatch):
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema ops; create table ops.seeds (digest varchar not null, made_by varchar)")
        con.execute("insert into ops.seeds values ('d', 'somebody')")
        with pytest.raises(HomeVersionError, match="does not know") as told:
            bring_up_to_date(con, home)
        assert "ops.seeds.made_by" in str(told.value)
        assert con.execute("from ops.seeds").fetchall() == [("d", "somebody")]
        monkeypatch.setattr("orchestration.core.migrations.REMOVED", {"ops.seeds.made_by"})
        assert bring_up_to_date(con, home) == ["ops.seeds"]
        assert con.execute("from ops.seeds").fetchall() == [("d",)]


def test_shapes_are_of_statements_without_places_to_fill_in():
    assert not [name for name in declared() if "{" in name] and shapes.REMOVED.isdisjoint(declared())
