"""`kundbild add-source --from` a database: keys and foreign keys say what tables are, no secret is written, and what is written is read."""

from __future__ import annotations

import json
import sqlite3
import tomllib

import duckdb
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals import looked_databases
from orchestration.proposals.propose import propose
from orchestration.proposals.secret_urls import secret_url
from orchestration.proposals.written import write_source
from tests.unit.mapped import models_of, set_clock_and_retention

SHOP = """
create table customers (pk integer primary key, first_name varchar(40), last_name varchar(40), email varchar(80), phone varchar(40),
    personal_number varchar(20), photo blob, newsletter boolean, updated_at timestamp not null);
create table purchases (no varchar(10) primary key, buyer integer references customers (pk), placed_at timestamp, total numeric(10, 2),
    status varchar(20));
create table lines (line_id integer primary key, parent varchar(10) references purchases (no), sku varchar(10), quantity integer,
    unit_price numeric(10, 2));
create view v_customers as select * from customers;
create table migrations (version integer);
insert into customers values (1, 'Åsa', 'Ek', 'asa@example.com', '+46701740601', '19800101-0000', null, true, '2026-01-01 10:00:00'),
    (2, 'Bo', 'Al', 'bo@example.com', null, null, null, false, '2026-01-02 10:00:00');
insert into purchases values ('A1', 1, '2026-01-03 10:00:00', 20.50, 'paid'), ('A2', 2, '2026-01-04 10:00:00', 5, 'paid');
insert into lines values (1, 'A1', 'T-1', 2, 10.25), (2, 'A2', 'T-2', 1, 5);
"""


def sqlite_shop(path):
    with sqlite3.connect(path) as con:
        con.executescript(SHOP)
    con.close()
    return str(path)


def duckdb_shop(path):
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
    return str(path)


def source_of(found, name="shop"):
    return tomllib.loads(found.block)["sources"][name]


@pytest.mark.parametrize("made", [sqlite_shop, duckdb_shop])
def test_keys_and_foreign_keys_say_what_tables_are_and_what_is_written_is_read(home, warehouse, tmp_path, made):
    found = propose("shop", made(tmp_path / "Shop 1.db"), "SEK")
    tables = source_of(found)["tables"]
    assert {t: shape["maps"][0]["entity"] for t, shape in tables.items()} == {
        "customers": "people", "purchases": "orders", "lines": "order_items",
    }  # fmt: skip
    assert {t: shape["key"] for t, shape in tables.items()} == {
        "customers": ["pk"],
        "purchases": ["no"],
        "lines": ["line_id"],
    }
    assert tables["customers"]["cursor"] == "updated_at" and tables["customers"]["find_deletions"]
    assert tables["purchases"]["maps"][0]["columns"]["person_key"] == "buyer", "its foreign key says so"
    assert tables["lines"]["maps"][0]["columns"]["order_key"] == "parent"
    by_name = {table.name: table for table in found.tables}
    assert "a view of people" in by_name["v_customers"].problem
    assert by_name["customers"].withheld == {"personal_number": "national identity numbers"}
    assert (
        "photo" in by_name["customers"].unmapped
        and not {"photo", "personal_number"} & tables["customers"]["columns"].keys()
    )
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "shop")
    assert {t: c.inserted for t, c in counts.items()} == {"customers": 2, "purchases": 2, "lines": 2}
    rows = warehouse.execute("select no, buyer, total::varchar from raw_shop.purchases order by 1").fetchall()
    assert rows == [("A1", "1", "20.50"), ("A2", "2", "5.00")]


def test_a_look_reads_no_more_than_it_says_and_proves_no_key_by_a_part(tmp_path, monkeypatch):
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as con:
        con.executescript("create table customers (customer_id integer, email text, joined text)")
        con.executemany(
            "insert into customers values (?, ?, '2026-01-01')", [(n, f"p{n}@example.com") for n in range(20)]
        )
    con.close()
    monkeypatch.setattr(looked_databases, "ROWS", 10)
    (table,) = propose("shop", f"sqlite:///{path}", "SEK").tables
    assert table.key == () and (table.rows, table.looked_at) == (11, 10)
    monkeypatch.setattr(looked_databases, "ROWS", 20)
    (table,) = propose("shop", f"sqlite:///{path}", "SEK").tables
    assert table.key == ("customer_id",) and (table.rows, table.looked_at) == (20, None)


def test_a_password_enters_neither_the_block_nor_an_error():
    hidden = secret_url("shop", "postgresql://anna:s%40fe@db.example/shop?sslpassword=tr1cky")
    assert hidden.written == "postgresql://anna:${SHOP_PASSWORD}@db.example/shop?sslpassword=${SHOP_SSLPASSWORD}"
    assert hidden.variables == {"SHOP_PASSWORD": "s%40fe", "SHOP_SSLPASSWORD": "tr1cky"}
    assert "s%40fe" not in repr(hidden) and "tr1cky" not in repr(hidden)
    with pytest.raises(ConfigurationError) as refused:
        propose("shop", "postgresql://anna:s3cret@127.0.0.1:1/shop?sslpassword=tr1cky", "SEK")
    assert not any(word in str(refused.value) for word in ("s3cret", "tr1cky"))
    for unclear in ("postgresql://anna:s3@cret@127.0.0.1/shop", "postgresql://anna:s3cret@127.0.0.1:port/shop"):
        with pytest.raises(ConfigurationError) as refused:
            propose("shop", unclear, "SEK")
        assert "s3" not in str(refused.value)


def test_a_host_that_cannot_be_one_is_told_of():
    with pytest.raises(ConfigurationError, match=r"no computer is known as a\.\.b"):
        propose("shop", "postgresql://me:hidden@a..b/db", "SEK")


def test_a_password_may_stand_in_a_variable(monkeypatch):
    monkeypatch.setenv("DB_WORD", "s3cret")
    hidden = secret_url("shop", "mysql://anna:${DB_WORD}@db.example/shop")
    assert hidden.plain == "mysql://anna:s3cret@db.example/shop"
    assert hidden.written == "mysql://anna:${DB_WORD}@db.example/shop" and not hidden.is_new
    monkeypatch.delenv("DB_WORD")
    with pytest.raises(ConfigurationError, match="DB_WORD is not set"):
        secret_url("shop", "mysql://anna:${DB_WORD}@db.example/shop")


@pytest.mark.parametrize("made", [sqlite_shop, duckdb_shop])
def test_a_consent_that_is_true_or_false_is_read_as_raw_has_it(home, warehouse, tmp_path, made):
    """In SQLite a boolean is a 0 or a 1; raw has it as one."""
    found = propose("shop", made(tmp_path / "Shop 1.db"), "SEK")
    (one,) = [m for m in source_of(found)["tables"]["customers"]["maps"] if m["entity"] == "consent_events"]
    assert one["columns"]["status"] == {"column": "newsletter", "values": {"false": "withdrawn"}, "ignore": ["true"]}
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "shop")
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"customers": settings.sources["shop"].tables["customers"]}, ("",))["consent_events"]
    rows = warehouse.execute(
        f"select status, quarantine_code from ({sql.replace('raw_s.', 'raw_shop.')}) order by source_key"
    ).fetchall()
    assert [code for _, code in rows] == ["ignored", None] and rows[1][0] == "withdrawn"


LANDED = """
create table company (id integer primary key, is_deleted boolean, property_name text, property_createdate text, property_industry text, _fivetran_synced text);
create table deal_company (company_id integer, deal_id integer, type_id text, category text);
create table customers (pk integer primary key, first_name text, email text);
"""
OWN = """
create table deals (deal_id integer primary key, company_id integer, type_id text, title text, amount numeric, created_at timestamp);
create table customers (pk integer primary key, first_name text, last_name text, email text);
insert into customers values (1, 'Åsa', 'Ek', 'asa@example.com');
"""


def test_a_vendor_is_not_known_by_two_keys_and_tables_beside_a_vendors_are_named(tmp_path):
    for name, script in (("landed", LANDED), ("own", OWN)):
        with sqlite3.connect(tmp_path / f"{name}.sqlite") as con:
            con.executescript(script)
        con.close()
    landed = propose("crm", str(tmp_path / "landed.sqlite"), "SEK")
    assert source_of(landed, "crm")["vendor"] == "hubspot" and landed.ignored == ["customers"]
    own = propose("crm", str(tmp_path / "own.sqlite"), "SEK")
    assert "vendor" not in source_of(own, "crm") and "customers" in source_of(own, "crm")["tables"]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("https://api.example/customers?key=abc123", "https://api.example/customers?key=${SHOP_KEY}"),
        ("https://api.example/x?a=1&sig=abc123&page=2", "https://api.example/x?a=1&sig=${SHOP_SIG}&page=2"),
        (
            "https://api.example/x?X-Amz-Signature=abc123",
            "https://api.example/x?X-Amz-Signature=${SHOP_X_AMZ_SIGNATURE}",
        ),
        ("https://abc123@api.example/x", "https://${SHOP_LOGIN}@api.example/x"),
        ("postgresql://anna@db.example/shop", "postgresql://anna@db.example/shop"),
        ("https://api.example/x?sort=asc", "https://api.example/x?sort=asc"),
    ],
)
def test_what_may_be_a_secret_in_an_address_is_written_as_a_variable(said, written):
    hidden = secret_url("shop", said)
    assert hidden.written == written and "abc123" not in hidden.written
    assert list(hidden.variables.values()) == ["abc123"] * ("abc123" in said)


DOCUMENTS = [
    {"id": 1234567890123456789, "customer": {"email": "asa@example.com", "first_name": "Åsa", "personnummer": "19800101-0000"}, "tags": ["a"]},
    {"id": 1234567890123456790, "customer": {"email": "bo@example.com", "first_name": "Bo"}, "address": {"city": "Lund"}, "tags": []},
]  # fmt: skip


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_values_of_a_column_of_json_are_columns_by_their_path(home, warehouse, tmp_path, kind):
    path = tmp_path / "crm.db"
    with sqlite3.connect(path) if kind == "sqlite" else duckdb.connect(str(path)) as con:
        con.execute(f"create table customers (no integer primary key, document {'text' if kind == 'sqlite' else 'json'}, note text, created_at timestamp)")  # fmt: skip
        con.executemany(
            "insert into customers values (?, ?, ?, '2026-01-01 10:00:00')",
            [(n, json.dumps(d, ensure_ascii=False), note) for n, (d, note) in enumerate(zip(DOCUMENTS, ("{}", "no"), strict=True))],
        )  # fmt: skip
    found = propose("crm", str(path), "SEK")
    table = source_of(found, "crm")["tables"]["customers"]
    (people,) = (one for one in table["maps"] if one["entity"] == "people")
    assert people["columns"]["email"] == "document.customer.email"
    assert people["columns"]["given_name"] == "document.customer.first_name"
    assert people["columns"]["city"] == "document.address.city"
    looked = found.tables[0]
    assert "document.customer.personnummer" in looked.withheld and "document.tags" in looked.unmapped
    assert "note" in looked.unmapped, "text that is JSON by chance is text"
    assert "19800101" not in found.block and "personnummer" not in "".join(table["columns"])
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    assert extract_source(warehouse, home, settings, "crm")["customers"].inserted == 2
    read = warehouse.execute('select "document.customer.email", "document.address.city" from raw_crm.customers order by 1').fetchall()  # fmt: skip
    assert read == [("asa@example.com", None), ("bo@example.com", "Lund")]


LISTS = """
create table customers (id integer primary key, email varchar(80), name varchar(40));
create table sales (id integer primary key, customer_id integer references customers (id), placed_at timestamp, total numeric(10, 2),
    currency varchar(3), {0});
create table till (id integer primary key, customer_id integer references customers (id), placed_at timestamp, total numeric(10, 2),
    currency varchar(3));
create table till_lines (id integer primary key, till_id integer references till (id), sku varchar(10), quantity integer,
    unit_price numeric(10, 2));
insert into customers values (1, 'asa@example.com', 'Åsa Ek'), (2, 'bo@example.com', 'Bo Al');
insert into till values (7, 1, '2026-01-05 10:00:00', 8, 'NOK');
insert into till_lines values (1, 7, 'T-1', 2, 4);
"""


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
@pytest.mark.parametrize("path", ["lines", "document.lines"])
def test_a_list_of_lines_in_a_column_of_json_is_a_table_of_its_own(home, warehouse, tmp_path, kind, path):
    column = path.partition(".")[0]
    tables = LISTS.format(f"{column} {'text' if kind == 'sqlite' else 'json'}")
    lines = [
        [{"sku": "T-1", "quantity": 2, "unit_price": 10.25}, {"sku": "T-1", "quantity": 1, "unit_price": 3}],
        [{"sku": "T-2", "quantity": 1, "unit_price": 5, "personnummer": "19800101-0000"}],
        [],
    ]
    sales = [
        (n, 1, "2026-01-03 10:00:00", 1, "SEK", json.dumps(one if column == path else {"source": "web", "lines": one}))
        for n, one in enumerate(lines, start=1)
    ]
    with sqlite3.connect(tmp_path / "s.db") if kind == "sqlite" else duckdb.connect(str(tmp_path / "s.db")) as con:
        for statement in tables.split(";\n"):
            con.execute(statement)
        con.executemany("insert into sales values (?, ?, ?, ?, ?, ?)", sales)
    found = propose("shop", str(tmp_path / "s.db"), "SEK")
    (listed,) = (table for table in found.tables if table.within.get("rows_in") == path)
    shape = source_of(found)["tables"][listed.name]
    assert shape["table"] == "sales" and "find_deletions" not in shape
    assert [one["entity"] for one in shape["maps"]] == ["order_items"]
    assert shape["maps"][0]["columns"]["order_key"] == "sale_id" and shape["key"] == ["sale_id", "line"]
    assert path not in next(table for table in found.tables if table.name == "sales").unmapped
    assert "personnummer" in listed.withheld and "personnummer" not in found.block
    till = source_of(found, "shop_till")["tables"]["till_lines"]["maps"][0]
    assert till["lookups"][0]["table"] == "till", "its foreign key says which of two tables has its orders"
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    assert extract_source(warehouse, home, settings, "shop")[listed.name].inserted == 3
    rows = warehouse.execute(
        f"select sale_id, quantity, unit_price from raw_shop.{listed.name} order by all"
    ).fetchall()
    assert [(key, int(n), float(price)) for key, n, price in rows] == [("1", 1, 3.0), ("1", 2, 10.25), ("2", 1, 5.0)]
