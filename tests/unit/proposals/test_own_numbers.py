"""Two tables of a database that count the same kind of thing from 1: number 1 of both is not one person, and no order of both is one."""

from __future__ import annotations

import sqlite3
import tomllib

from orchestration.core.configuration import load_settings
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from tests.unit.mapped import models_of, set_clock_and_retention

SHOP = """
create table customers (id integer primary key, email varchar(80), name varchar(40));
create table members (id integer primary key {members}, email varchar(80), name varchar(40));
create table orders (id integer primary key, customer_id integer references customers (id), placed_at timestamp, total numeric(10, 2),
    currency varchar(3));
create table till (id integer primary key, member_id integer references members (id), placed_at timestamp, total numeric(10, 2),
    currency varchar(3));
create table order_lines (id integer primary key, order_id integer references orders (id), sku varchar(9), quantity integer, unit_price numeric(10, 2));
create table till_lines (id integer primary key, till_id integer references till (id), sku varchar(9), quantity integer, unit_price numeric(10, 2));
insert into customers values (1, 'asa@example.com', 'Åsa Ek'), (2, 'bo@example.com', 'Bo Al');
insert into members values (1, 'eva@example.com', 'Eva Å'), (2, 'ida@example.com', 'Ida Ö');
insert into orders values (1, 2, '2026-01-03 10:00:00', 20, 'SEK'), (2, 2, '2026-01-03 10:00:00', 30, 'SEK');
insert into till values (1, 1, '2026-01-04 10:00:00', 5, 'NOK');
insert into order_lines values (1, 1, 'a', 2, 10), (2, 2, 'a', 3, 10);
insert into till_lines values (1, 1, 'a', 1, 5);
"""


def proposed_of(path, members=""):
    with sqlite3.connect(path) as con:
        con.executescript(SHOP.replace("{members}", members))
    con.close()
    found = propose("shop", str(path), "SEK")
    return found, tomllib.loads(found.block)["sources"]


def test_each_is_a_source_of_its_own_and_nothing_of_either_is_lost(home, warehouse, tmp_path):
    found, sources = proposed_of(tmp_path / "shop.db")
    assert {source: set(shape["tables"]) for source, shape in sources.items()} == {
        "shop": {"customers", "orders", "order_lines"}, "shop_members": {"members"}, "shop_till": {"till", "till_lines"},
    }  # fmt: skip
    assert found.names == list(sources)
    (till,) = sources["shop_till"]["tables"]["till"]["maps"]
    assert till["constants"] == {"person_system": "shop_members"}, "its foreign key says whose they are"
    assert any("number 1 of both may be two people" in note for note in found.notes)
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    set_clock_and_retention(warehouse)
    rows = {"people": 0, "orders": 0, "order_items": 0}
    for source, shape in settings.sources.items():
        extract_source(warehouse, home, settings, source)
        for entity, (sql, _) in models_of(shape.tables, ("",)).items():
            if entity in rows:
                read = sql.replace("raw_shop", f"raw_{source}")
                rows[entity] += warehouse.execute(f"select count(source_key) from ({read})").fetchall()[0][0]
    assert rows == {"people": 4, "orders": 3, "order_items": 3}


def test_members_who_are_customers_by_a_foreign_key_stay_beside_them(tmp_path):
    _, sources = proposed_of(tmp_path / "shop.db", "references customers (id)")
    assert "members" in sources["shop"]["tables"] and list(sources) == ["shop", "shop_till"]
