"""Who is shown in a publication that is old or was gone back to: no audience, and no address of whoever is hidden since."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from orchestration.core.clock import now
from orchestration.privacy.erasure.rewriting import Theirs, rewrite_publications
from orchestration.publishing import snapshot
from orchestration.publishing.shown import go_back
from tests.unit.publishing.published import MOMENT


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
