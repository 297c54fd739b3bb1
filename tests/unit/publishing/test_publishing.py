"""Publications: all or nothing, kept, rolled back, readable while the next is made."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from orchestration.core.errors import KundbildError
from orchestration.publishing import snapshot
from tests.unit.publishing.published import MOMENT, rows


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
