"""Column lineage read out of compiled SQL."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.contracts.lineage import Lineage


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("create schema raw_shop; create schema marts")
        con.execute("create table raw_shop.orders (id int, amount double, buyer int)")
        con.execute("create table marts.people (key int, email varchar)")
        yield con


def test_each_column_leads_back_to_the_tables_that_it_is_made_of(con, tmp_path):
    model = tmp_path / "m.sql"
    model.write_text(
        "with o as (select *, amount * 2 as doubled from raw_shop.orders) "
        "select o.id as order_id, p.email, o.doubled + o.id as sum, 'x' as fixed from o left join marts.people p on p.key = o.buyer"
    )
    cache = tmp_path / "cache.json"
    expected = {
        "order_id": [("raw_shop", "orders", "id")],
        "email": [("marts", "people", "email")],
        "sum": [("raw_shop", "orders", "amount"), ("raw_shop", "orders", "id")],
        "fixed": [],
    }
    first = Lineage(cache)
    assert first.of(con, "marts", "m", model) == expected
    first.save()
    # told again from the cache, also when the tables are gone
    con.execute("drop table marts.people; drop table raw_shop.orders")
    again = Lineage(cache)
    assert again.of(con, "marts", "m", model) == expected
    assert again.of(con, "marts", "gone", tmp_path / "gone.sql") is None


def test_a_model_reads_what_was_built_after_the_first_one(con, tmp_path):
    lineage, first, second = Lineage(tmp_path / "cache.json"), tmp_path / "first.sql", tmp_path / "second.sql"
    first.write_text("select id as order_id from raw_shop.orders")
    con.execute("create table marts.first as select id as order_id from raw_shop.orders")
    assert lineage.of(con, "marts", "first", first) == {"order_id": [("raw_shop", "orders", "id")]}
    con.execute("create view marts.middle as select order_id as number from marts.first")
    assert lineage.of(con, "marts", "middle", tmp_path / "none.sql") is None
    # told of before it is there
    assert lineage.of(con, "marts", "seed", tmp_path / "none.sql") is None
    con.execute("create table marts.seed (code int, label varchar)")
    third = tmp_path / "third.sql"
    third.write_text("select label from marts.seed join raw_shop.orders on orders.id = code")
    assert lineage.of(con, "marts", "third", third) == {"label": [("marts", "seed", "label")]}
    second.write_text("select * from marts.middle")
    assert lineage.of(con, "marts", "second", second) == {"number": [("marts", "middle", "number")]}


def test_sql_that_cannot_be_read_has_no_lineage_and_no_error(con, tmp_path):
    model = tmp_path / "m.sql"
    model.write_text("select from where (")
    assert Lineage(tmp_path / "cache.json").of(con, "marts", "m", model) == {}


def test_names_that_would_be_sql_are_names_or_cost_their_model_alone_its_lineage(con, tmp_path):
    con.execute('alter table raw_shop.orders add column "tot;al" int; create table raw_shop."a;b" (id int)')
    paths = {name: tmp_path / f"{name}.sql" for name in ("column", "table")}
    paths["column"].write_text('select "tot;al" as total from raw_shop.orders')
    paths["table"].write_text('select id from raw_shop."a;b"')
    lineage = Lineage(tmp_path / "cache.json")
    found = {name: lineage.of(con, "marts", name, path) for name, path in paths.items()}
    assert found == {"column": {"total": [("raw_shop", "orders", "tot;al")]}, "table": {}}


def test_a_column_that_is_a_path_of_json_is_named_whole(con, tmp_path):
    con.execute('create table raw_shop.sales (id int, "customer.id" int, "it""s.so" int)')
    model = tmp_path / "m.sql"
    model.write_text('select s."customer.id" as person_key, s."it""s.so" as other, s.id from raw_shop.sales s')
    assert Lineage(tmp_path / "cache.json").of(con, "staging", "m", model) == {
        "person_key": [("raw_shop", "sales", "customer.id")], "other": [("raw_shop", "sales", 'it"s.so')], "id": [("raw_shop", "sales", "id")],
    }  # fmt: skip
