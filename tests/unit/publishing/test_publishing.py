"""Publications: all or nothing, kept, rolled back, readable while the next is made."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.core.clock import now
from orchestration.core.errors import GateError, KundbildError
from orchestration.core.settings import PROJECT_DIR
from orchestration.privacy.erasure.rewriting import Theirs, rewrite_publications
from orchestration.publishing import snapshot
from orchestration.publishing.gate import assert_ids_last, assert_publishable
from orchestration.publishing.grades import GRADES, OPEN
from orchestration.publishing.query import ask
from orchestration.publishing.shown import go_back
from orchestration.run.state_files import examine_files, told_of_files

MOMENT = datetime(2026, 1, 1, 2)


@pytest.fixture
def filled(warehouse):
    for schema in ("bi", "bi_open", "marts", "segments", "insight", "audiences"):
        warehouse.execute(f"create schema {schema}")
    warehouse.execute("create table bi.fct_orders as select range as id, 'text ' || range as name from range(1000)")
    warehouse.execute("comment on table bi.fct_orders is 'Orders.'")
    warehouse.execute("comment on column bi.fct_orders.id is 'Key.'")
    warehouse.execute("create table marts.dim_customers as select 1 as customer_id")
    warehouse.execute("create table bi_open.monthly_sales as select 'web' as channel, 1000 as order_count")
    return warehouse


def rows(path) -> int:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute("select count(*) from bi.fct_orders").fetchall()[0][0]


def test_a_publication_holds_what_the_warehouse_holds(filled, home):
    made = snapshot.publish(filled, home, "run-1", MOMENT, keep=3)
    assert made.tables == {"bi.fct_orders": 1000, "marts.dim_customers": 1, "bi_open.monthly_sales": 1}
    assert rows(home.published / "kundbild.duckdb") == 1000
    with duckdb.connect(str(home.published / "kundbild.duckdb"), read_only=True) as con:
        assert con.execute("select comment from duckdb_tables()").fetchall() == [("Orders.",)]
        assert con.execute("select comment from duckdb_columns() where column_name = 'id'").fetchall() == [("Key.",)]
        assert (
            con.execute("select tags['storage_version'] from duckdb_databases() where not internal")
            .fetchall()[0][0]
            .startswith("v1.5")
        )
    assert not list(home.published.rglob("*.wal"))
    assert snapshot.current(home) == made


def test_a_fact_is_published_once_and_an_answer_of_people_beside_its_counts(filled, home):
    filled.execute("create table marts.fct_carts as select 1 as id; create view bi.fct_carts as from marts.fct_carts")
    filled.execute("create table insight.risk_signals as select 1 as customer_id, 'returns' as signal")
    filled.execute(
        "create view bi.risk_signals as select signal, count(*) as customers from insight.risk_signals group by 1"
    )
    made = snapshot.publish(filled, home, "run-1", MOMENT, keep=3)
    assert {"bi.fct_carts", "bi.risk_signals", "insight.risk_signals"} <= made.tables.keys()
    assert "marts.fct_carts" not in made.tables


def test_no_look_at_the_catalogue_touches_a_file_that_another_thread_writes(filled, home):
    filled.execute("create table audiences.audience_all as select 1 as customer_id, 'a@x.se' as contact_point")
    filled.execute(
        "create schema reference; create table reference.purposes as select 'offers' purpose, true is_marketing"
    )
    filled.execute(
        "create table reference.audience_rules as select 'all' as audience, 'offers' as purpose, 1 as min_days_since_order, 2 as max_days_since_order"
    )
    filled.execute("call enable_logging('QueryLog', storage = 'memory')")
    snapshot.publish(filled, home, "run-1", MOMENT, keep=3)
    said = [sql.lower() for (sql,) in filled.execute("select message from duckdb_logs order by timestamp").fetchall()]
    first = next(n for n, sql in enumerate(said) if sql.startswith("attach"))
    looks = ("duckdb_tables", "duckdb_views", "duckdb_columns", "duckdb_schemas", "information_schema", "show ")
    assert any(look in sql for sql in said[:first] for look in looks)
    assert [sql for sql in said[first:] if any(look in sql for look in looks)] == []


def test_a_reader_keeps_its_publication_until_it_reopens(filled, home):
    # more than a reader reads as it opens the file
    filled.execute(
        "create or replace table bi.fct_orders as select range as id, md5(range::varchar) as name from range(200_000)"
    )
    snapshot.publish(filled, home, "run-1", MOMENT, keep=1)
    reader = duckdb.connect(str(home.published / "kundbild.duckdb"), read_only=True)
    filled.execute("delete from bi.fct_orders where id >= 10")
    snapshot.publish(filled, home, "run-2", MOMENT + timedelta(days=1), keep=1)
    read = "select count(*), sum(id), count(distinct name) from bi.fct_orders"
    assert reader.execute(read).fetchall() == [(200_000, 19_999_900_000, 200_000)]
    reader.close()
    assert rows(home.published / "kundbild.duckdb") == 10


def test_only_the_last_ones_are_kept_and_any_can_be_gone_back_to(filled, home):
    for day in range(4):
        filled.execute(f"insert into bi.fct_orders values ({day}, 'more')")
        snapshot.publish(filled, home, f"run-{day}", MOMENT + timedelta(days=day), keep=3)
    versions = [p.version for p in snapshot.list_publications(home)]
    assert len(versions) == 3
    assert rows(home.published / "kundbild.duckdb") == 1004
    assert snapshot.rollback(home).version == versions[1]
    assert rows(home.published / "kundbild.duckdb") == 1003
    snapshot.rollback(home)
    with pytest.raises(KundbildError, match="no earlier publication"):
        snapshot.rollback(home)
    snapshot.rollback(home, versions[0])
    assert rows(home.published / "kundbild.duckdb") == 1004
    with pytest.raises(KundbildError, match="no publication nonsense"):
        snapshot.rollback(home, "nonsense")


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


def members(home) -> list[str]:
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        return [
            name for (name,) in con.execute("select customer_id from audiences.audience_news order by 1").fetchall()
        ]


@pytest.fixture
def with_audience(filled):
    filled.execute("create table audiences.audience_news as select 'c1' as customer_id, 'a@x.se' as contact_point")
    return filled


def test_an_audience_is_shown_for_a_day_after_its_night_and_then_to_nobody(with_audience, home):
    made = snapshot.publish(with_audience, home, "run-1", now() - timedelta(hours=23, minutes=58), keep=3)
    assert made.tables["audience_rows.audience_news"] == 1 and members(home) == ["c1"]
    # whatever time zone the reader sets
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        con.execute("set TimeZone = 'Pacific/Auckland'")
        assert con.execute("select count(*) from audiences.audience_news").fetchall() == [(1,)]
    # an erasure writes the file anew, and the guard stays
    with_audience.execute("insert into audiences.audience_news values ('c2', 'b@x.se')")
    snapshot.publish(with_audience, home, "run-2", now(), keep=3)
    rewrite_publications(
        with_audience,
        home,
        lambda table, columns: Theirs("customer_id::varchar = 'c2'") if "customer_id" in columns else None,
    )
    assert members(home) == ["c1"]
    snapshot.publish(with_audience, home, "run-3", now() - timedelta(hours=24, minutes=1), keep=3)
    snapshot.switch(home, snapshot.list_publications(home)[-1].version)
    assert members(home) == []


def test_a_publication_that_was_gone_back_to_shows_no_audience(with_audience, home):
    moment = now()
    for hours in (3, 2, 1):
        snapshot.publish(with_audience, home, f"run-{hours}", moment - timedelta(hours=hours), keep=3)
    assert members(home) == ["c1"]
    reader = duckdb.connect(str(home.published / "customers.duckdb"), read_only=True)
    snapshot.rollback(home)
    assert members(home) == []
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from audience_rows.audience_news").fetchall() == [(0,)]
        assert con.execute("select count(*) from marts.dim_customers").fetchall() == [(1,)]
    # the newest one has its audience still
    snapshot.rollback(home, snapshot.list_publications(home)[0].version)
    assert members(home) == ["c1"] and reader.execute("select count(*) from marts.dim_customers").fetchall() == [(1,)]
    reader.close()


def test_a_publication_that_was_gone_back_to_tells_no_address_of_whoever_was_protected_or_died_since(filled, home):
    filled.execute("""
create schema identity; create table identity.protected_customers (customer_id varchar, is_protected boolean, is_deceased boolean);
create table identity.customer_keys as select unnest(['c1', 'c2', 'c3']) as customer_id, unnest(['k1', 'k2', 'k3']) as customer_key;
drop table marts.dim_customers;
create table marts.dim_customers as select *, 'Storgatan 1' as street, 'Lund' as city, 'Anna' as given_name from identity.customer_keys;
create table bi.dim_customers as select customer_key, 'Skåne' as county, 1 as orders from identity.customer_keys;
create table marts.customer_360 as select customer_id, 'Skåne' as region, 'Lund' as favourite_store from identity.customer_keys;
create schema if not exists segments; create or replace table segments.customer_segments as select customer_id, 'region' as scheme, 'Skåne' as segment from identity.customer_keys;
""")
    for day in range(2):
        snapshot.publish(filled, home, f"run-{day}", MOMENT + timedelta(days=day), keep=3)
    filled.execute("insert into identity.protected_customers values ('c1', true, false), ('c2', false, true)")
    filled.close()
    assert go_back(home, None)[1] == ""
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        assert con.execute("select customer_id, street, city, given_name from marts.dim_customers order by 1").fetchall() == [
            ("c1", None, None, "Anna"), ("c2", None, None, "Anna"), ("c3", "Storgatan 1", "Lund", "Anna")]  # fmt: skip
        places = con.execute("from marts.customer_360 order by 1").fetchall()
        assert places == [("c1", None, None), ("c2", None, None), ("c3", "Skåne", "Lund")]
        assert con.execute("from segments.customer_segments").fetchall() == [("c3", "region", "Skåne")]
    hidden = [("k1", None, 1), ("k2", None, 1), ("k3", "Skåne", 1)]
    with duckdb.connect(str(home.published / "kundbild.duckdb"), read_only=True) as con:
        assert con.execute("from bi.dim_customers order by 1").fetchall() == hidden
    assert duckdb.sql(f"from '{home.published}/parquet/dim_customers.parquet' order by 1").fetchall() == hidden
    # where the warehouse is what is broken, readers are put back, and it is told
    home.warehouse.write_bytes(b"broken" * 1000)
    newest = snapshot.list_publications(home)[0].version
    assert go_back(home, newest) == (snapshot.current(home), "")
    assert "protected or died" in go_back(home, None)[1]


def test_a_copy_that_fails_leaves_the_last_publication(filled, home, monkeypatch):
    first = snapshot.publish(filled, home, "run-1", MOMENT, keep=3)

    def broken(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_copy_parquet", broken)
        with pytest.raises(OSError, match="No space"):
            snapshot.publish(filled, home, "run-2", MOMENT + timedelta(days=1), keep=3)
    assert snapshot.current(home) == first and rows(home.published / "kundbild.duckdb") == 1000
    assert list(home.published.glob(".building-*"))
    with home.lock("test"):
        assert not list(home.published.glob(".building-*"))


def test_a_flipped_byte_in_the_copy_is_seen_before_the_switch(filled, home, monkeypatch):
    real = snapshot._write

    def damage(con, path, tables, shown_until):
        real(con, path, tables, shown_until)
        if path.name == snapshot.ANALYST.file:
            con.execute(f"attach '{path}' as damaged")
            con.execute("update damaged.bi.fct_orders set name = 'damaged' where id = 5")
            con.execute("detach damaged")

    monkeypatch.setattr(snapshot, "_write", damage)
    with pytest.raises(KundbildError, match="differs from the warehouse"):
        snapshot.publish(filled, home, "run-1", MOMENT, keep=3)
    assert snapshot.current(home) is None


def test_a_wal_beside_the_copy_is_seen_before_the_switch(filled, home, monkeypatch):
    """What stands in it is not in the file: a reader that has the file alone sees less."""
    real = snapshot._write

    def leave_behind(con, path, *more):
        real(con, path, *more)
        path.with_name(path.name + ".wal").write_bytes(b"")

    first = snapshot.publish(filled, home, "run-1", MOMENT, keep=3)
    monkeypatch.setattr(snapshot, "_write", leave_behind)
    with pytest.raises(KundbildError, match="not written through"):
        snapshot.publish(filled, home, "run-2", MOMENT + timedelta(days=1), keep=3)
    assert snapshot.current(home) == first and not list((home.published / "versions").rglob("*.wal"))


def test_files_are_private(filled, home):
    snapshot.publish(filled, home, "run-1", MOMENT, keep=3)
    for path in (home.published / "versions").rglob("*"):
        assert oct(path.stat().st_mode)[-2:] == "00", path


@pytest.fixture
def checked(warehouse):
    warehouse.execute("create schema ops; create schema quarantine")
    warehouse.execute(
        "create table ops.check_results (run_id varchar, stage varchar, table_name varchar, check_name varchar, severity varchar, "
        "passed boolean, observed json, checked_at timestamp)"
    )
    warehouse.execute(
        "create table quarantine.books as select 'crm' as source_system, 'people' as entity, true as is_balanced"
    )

    def check(stage, severity="ERROR", passed=True):
        warehouse.execute(
            "insert into ops.check_results values ('r', ?, 't', 'c', ?, ?, null, now()::timestamp)",
            [stage, severity, passed],
        )

    return check


def test_the_gate_opens_only_when_every_error_check_passed(checked, warehouse):
    with pytest.raises(GateError, match="did not run"):
        assert_publishable(warehouse, "r")
    checked("arrival")
    checked("promise")
    with pytest.raises(GateError, match="the consent checks of this run did not run"):
        assert_publishable(warehouse, "r")
    checked("consent")
    checked("promise", "WARN", False)
    assert_publishable(warehouse, "r")
    checked("consent", "ERROR", False)
    with pytest.raises(GateError, match="t: c"):
        assert_publishable(warehouse, "r")


def test_books_that_do_not_balance_close_the_gate(checked, warehouse):
    checked("arrival")
    checked("promise")
    checked("consent")
    warehouse.execute("update quarantine.books set is_balanced = false")
    with pytest.raises(GateError, match="crm people"):
        assert_publishable(warehouse, "r")


def test_ids_that_change_for_many_customers_close_the_gate_until_they_may(warehouse):
    warehouse.execute(
        "create schema ops; create schema identity; create table ops.publications as select timestamp '2026-01-02' as published_at; "
        "create table identity.customer_source_records as select 'c' || n as customer_id, null::timestamp as valid_to from range(2000) r (n); "
        "create table identity.customer_identity_events as select case when n < 15 then 'merged' else 'split' end as kind, "
        "'c' || n as from_customer_id, case when n < 5 then timestamp '2026-01-01' else timestamp '2026-01-03' end as recorded_at "
        "from range(25) r (n)"
    )
    assert_ids_last(warehouse, 0.01)  # 20 of 2,000 since the publication: as many as may
    warehouse.execute("insert into identity.customer_identity_events values ('moved', 'c30', timestamp '2026-01-03')")
    with pytest.raises(GateError, match=r"21 of 2,000 customers .* \(merged 10, split 10, moved 1\); 1.0% may"):
        assert_ids_last(warehouse, 0.01)
    assert_ids_last(warehouse, 0.02)
    # before the first publication nobody knows an id
    warehouse.execute("delete from ops.publications")
    assert_ids_last(warehouse, 0.0)


@pytest.fixture
def cut(filled, home, monkeypatch):
    """Two publications; of the newest, `cut(file)` halves a database, whose catalogue may still be found."""
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    for table in ("bi.fct_orders", "marts.dim_customers"):
        filled.execute(
            f"create or replace table {table} as select range as customer_id, md5(range::varchar) as name from range(100_000)"
        )
    for night in range(2):
        snapshot.publish(filled, home, f"run-{night}", MOMENT + timedelta(days=night), keep=3)

    def go(name: str) -> Path:
        path = (home.published / "current" / name).resolve()
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return path

    return go


@pytest.mark.parametrize("grade", ["analyst", "people"])
def test_a_database_of_the_publication_that_is_cut_is_told_and_closed(filled, home, cut, grade):
    path = cut(GRADES[grade].file)
    told = next(finding for finding in examine_files(home) if finding.what == "publication")
    assert not told.is_ok and path.name in told.found and "run" in told.to_do
    assert [line for line in told_of_files(home) if path.name in line]
    with pytest.raises(KundbildError, match="is truncated: nobody can read it"):
        ask("select 1", grade=GRADES[grade])
    newest = snapshot.current(home).version
    # back to the one before, and no more to this one
    assert snapshot.rollback(home).version < newest
    with pytest.raises(KundbildError, match=f"{path.name} is cut or gone"):
        snapshot.rollback(home, newest)
    # the next publication removes it
    snapshot.publish(filled, home, "run-2", MOMENT + timedelta(days=2), keep=3)
    assert newest not in snapshot.standing_versions(home)
    assert all(finding.is_ok for finding in examine_files(home))


def test_a_published_database_that_is_cut_goes_where_somebody_is_to_leave_it(filled, home, cut):
    """What it still holds cannot be taken out of it: an objection or an erasure does not fail on it, and leaves no bytes."""
    path = cut(GRADES["people"].file)
    assert snapshot.close_audiences(home) and not path.exists()
    assert not snapshot.close_audiences(home)
    path = cut(GRADES["analyst"].file)
    held = rewrite_publications(filled, home, lambda table, columns: None)
    assert held == [path.parent.name] and not path.exists()
