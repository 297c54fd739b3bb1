"""The SQL connector against real PostgreSQL and MariaDB servers that the tests start on loopback."""

from __future__ import annotations

import socket
import time

import pytest
import sqlalchemy as sa

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.database_urls import with_driver
from orchestration.extract.extract import extract_source, prepare_raw

pytestmark = pytest.mark.system
COLUMNS = {
    "id": "BIGINT",
    "name": "VARCHAR",
    "amount": "DECIMAL(18, 2)",
    "is_good": "BOOLEAN",
    "day": "DATE",
    "updated_at": "TIMESTAMP",
}


@pytest.fixture
def load(home, warehouse, database):
    def go(url: str | None = None, max_minutes: float = 5):
        there = database.url.render_as_string(hide_password=False)
        table = Table(columns=COLUMNS, key=["id"], cursor="updated_at", find_deletions=True)
        source = Source(connector="sql", url=url or there, tables={"people": table}, max_minutes=max_minutes)
        settings = Settings(company="T", sources={"crm": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "crm")["people"]

    return go


def test_types_arrive_whole(load, warehouse):
    assert load().inserted == 2
    rows = warehouse.execute(
        "select id, name, amount::varchar, is_good, day::varchar, updated_at::varchar from raw_crm.people order by id"
    )
    assert rows.fetchall() == [
        (1, "Åsa", "10.50", True, "2026-01-01", "2026-01-01 10:00:00"),
        (2, "Bø", None, False, None, "2026-01-02 10:00:00"),
    ]


def test_increments_and_deletions(load, database, warehouse):
    load()
    with database.begin() as con:
        con.execute(sa.text("insert into people values (3, 'Cy', 1, true, '2026-01-03', '2026-01-03 10:00:00')"))
        con.execute(sa.text("delete from people where id = 1"))
    counts = load()
    assert (counts.inserted, counts.updated, counts.deleted) == (1, 0, 1)
    assert load().changed == 0


def test_keys_and_columns_with_percent_signs_are_asked_for_as_they_are(home, warehouse, database):
    late = ["A%1", "100%%", "%(x)s", ":x"]
    old, new = "2026-01-01 10:00:00", "2026-02-01 10:00:00"
    percent = database.dialect.identifier_preparer.quote("rabatt%")
    with database.begin() as con:
        con.execute(sa.text("drop table if exists codes"))
        con.exec_driver_sql(f"create table codes (id varchar(20) primary key, {percent} integer, updated_at timestamp)")
        con.execute(sa.text("insert into codes values (:id, 5, :at)"), [{"id": f"k{n}", "at": new} for n in range(30)])
    columns = {"id": "VARCHAR", "rabatt%": "BIGINT", "updated_at": "TIMESTAMP"}
    table = Table(columns=columns, key=["id"], cursor="updated_at", find_deletions=True)
    url = database.url.render_as_string(hide_password=False)
    settings = Settings(company="T", sources={"crm": Source(connector="sql", url=url, tables={"codes": table})})
    prepare_raw(warehouse, settings)
    assert extract_source(warehouse, home, settings, "crm")["codes"].inserted == 30
    with database.begin() as con:
        con.execute(sa.text("insert into codes values (:id, 5, :at)"), [{"id": key, "at": old} for key in late])
    assert extract_source(warehouse, home, settings, "crm")["codes"].inserted == len(late)


def test_parts_and_lists_within_columns_of_json_are_read_and_only_what_changed_the_next_time(home, warehouse, database):
    kind = "jsonb" if database.dialect.name == "postgresql" else "json"
    with database.begin() as con:
        con.execute(sa.text("drop table if exists orders"))
        con.execute(sa.text(f"create table orders (id integer primary key, customer {kind}, line_items {kind}, updated_at timestamp null)"))  # fmt: skip
        insert = sa.text("insert into orders values (:id, :customer, :lines, :at)")
        for row in (
            (1, '{"id": 7, "note": "ring"}', '[{"sku": "a", "n": 2}, {"sku": "b", "n": 1.5}]', "2026-01-01 10:00:00"),
            (2, None, "[]", "2026-01-02 10:00:00"),
        ):
            con.execute(insert, dict(zip(("id", "customer", "lines", "at"), row, strict=True)))
    orders = {"id": "BIGINT", "customer.id": "BIGINT", "updated_at": "TIMESTAMP"}
    lines = {"order_id": "BIGINT", "n": "DECIMAL(9, 2)", "sku": "VARCHAR", "order_updated_at": "TIMESTAMP"}
    tables = {
        "orders": Table(columns=orders, key=["id"], cursor="updated_at", find_deletions=True),
        "lines": Table(table="orders", columns=lines, key=["order_id", "sku"], cursor="order_updated_at", rows_in="line_items", carried={"order_id": "id", "order_updated_at": "updated_at"}),
    }  # fmt: skip
    source = Source(connector="sql", url=database.url.render_as_string(hide_password=False), tables=tables)
    settings = Settings(company="T", sources={"crm": source})
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "crm")
    assert warehouse.execute('select id, "customer.id" from raw_crm.orders order by id').fetchall() == [(1, 7), (2, None)]  # fmt: skip
    assert warehouse.execute("select order_id, sku, n::varchar from raw_crm.lines order by sku").fetchall() == [(1, "a", "2.00"), (1, "b", "1.50")]  # fmt: skip
    with database.begin() as con:
        con.execute(
            sa.text(
                'update orders set line_items = \'[{"sku": "c", "n": 4}]\', updated_at = \'2026-01-05\' where id = 2'
            )
        )
        con.execute(sa.text("delete from orders where id = 1"))
    counts = extract_source(warehouse, home, settings, "crm")
    assert counts["orders"].deleted == 1 and counts["lines"].way.startswith("changes: order_updated_at")
    assert (counts["lines"].source_rows, counts["lines"].inserted) == (1, 1)


def test_a_wrong_password_is_named_and_not_shown(load, database):
    url = database.url.set(database="no_such_database", password="wrong-password")
    with pytest.raises(SourceError, match="cannot be read") as caught:
        load(url.render_as_string(hide_password=False))
    assert "wrong-password" not in str(caught.value)


def test_a_table_that_may_not_be_read_costs_only_itself(home, warehouse, mariadb):
    """MariaDB says of it what it says of a server that is gone: an operational error."""
    url = with_driver(sa.make_url(mariadb))
    root = sa.create_engine(url.set(username="root", password=""))
    with root.begin() as con:
        for table in ("secrets", "orders"):
            con.execute(sa.text(f"create or replace table {table} (id integer primary key)"))
            con.execute(sa.text(f"insert into {table} values (1)"))
        con.execute(sa.text("create or replace user 'limited'@'%' identified by 'hunter2'"))
        con.execute(sa.text("grant select on shop.orders to 'limited'@'%'"))
    root.dispose()
    tables = {name: Table(columns={"id": "BIGINT"}, key=["id"], texts=[]) for name in ("secrets", "orders")}
    there = url.set(username="limited").render_as_string(hide_password=False)
    settings = Settings(company="T", sources={"crm": Source(connector="sql", url=there, tables=tables)})
    prepare_raw(warehouse, settings)
    with pytest.raises(SourceError, match="table secrets") as caught:
        extract_source(warehouse, home, settings, "crm")
    assert set(caught.value.tables) == {"secrets"}
    assert warehouse.execute("select id from raw_crm.orders").fetchall() == [(1,)]


def test_what_is_committed_late_is_found(load, database, warehouse):
    with database.connect() as late, late.begin():
        late.execute(sa.text("insert into people values (7, 'late', 1, true, null, '2025-11-01 10:00:00')"))
        assert load().inserted == 2  # the other has not committed yet
    assert load().inserted == 1
    assert warehouse.execute("select name from raw_crm.people where id = 7").fetchall() == [("late",)]


def test_a_locked_table_ends_with_the_time_of_the_source(load, database):
    load()
    is_postgres = database.dialect.name == "postgresql"
    lock = "lock table people in access exclusive mode" if is_postgres else "lock tables people write"
    started = time.monotonic()
    with database.connect() as holder, holder.begin():
        holder.execute(sa.text(lock))
        with pytest.raises(SourceError, match=r"took longer than the 0\.05 minutes"):
            load(max_minutes=0.05)
        if not is_postgres:
            holder.execute(sa.text("unlock tables"))
    assert time.monotonic() - started < 20
    assert load().changed == 0


def test_a_server_that_accepts_and_never_answers_ends_in_bounded_time(load, database):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = database.url.set(host="127.0.0.1", port=silent.getsockname()[1], query={})
        started = time.monotonic()
        with pytest.raises(SourceError):
            load(url.render_as_string(hide_password=False), max_minutes=0.05)
        assert time.monotonic() - started < 30


# kind of a key column, its declared type, two keys
_KEYS = (
    ("char(10)", "VARCHAR", ("a", "b c")),
    ("numeric(10, 2)", "BIGINT", ("1", "2")),
    ("numeric(10, 2)", "VARCHAR", ("1", "2")),
    ("float", "DOUBLE", ("1.1", "2.3")),
    ("timestamp", "TIMESTAMP", ("2026-01-01 10:00:00", "2026-07-01 10:00:00")),
    ("timestamptz", "TIMESTAMP", ("2026-01-01 10:00:00+00", "2026-07-01 10:00:00+00")),
    ("date", "TIMESTAMP", ("2026-01-01", "2026-07-01")),
    ("boolean", "BOOLEAN", ("1", "0")),
)


@pytest.mark.parametrize("cursor", ["updated_at", pytest.param(None, marks=pytest.mark.slow)])
def test_no_row_that_stands_is_marked_as_gone_however_its_key_is_written(database, warehouse, home, cursor):
    """A table of each kind of key, read together: to ask a server is a process of its own."""
    is_postgres = database.dialect.name == "postgresql"
    kinds = [of for of in _KEYS if is_postgres or of[0] != "timestamptz"]
    tables = {}
    with database.begin() as con:
        for number, (kind, declared, keys) in enumerate(kinds):
            name = f"keyed_{number}_{kind.partition('(')[0]}_{declared}".lower()
            con.execute(sa.text(f"drop table if exists {name}"))
            con.execute(sa.text(f"create table {name} (id {kind} primary key, updated_at timestamp null)"))
            for key in keys:
                typed = f"cast('{key}' as boolean)" if kind == "boolean" and is_postgres else f"'{key}'"
                con.execute(sa.text(f"insert into {name} values ({typed}, '2026-01-01 10:00:00')"))
            tables[name] = Table(
                columns={"id": declared, "updated_at": "TIMESTAMP"}, key=["id"], cursor=cursor, cursor_lag=0, find_deletions=True
            )  # fmt: skip
    url = database.url.render_as_string(hide_password=False)
    source = Source(connector="sql", url=url, tables=tables, timezone="Europe/Stockholm")
    settings = Settings(company="T", sources={"crm": source})
    prepare_raw(warehouse, settings)

    def read() -> dict[str, tuple[int, int, int]]:
        counts = extract_source(warehouse, home, settings, "crm")
        return {name: (counts[name].inserted, counts[name].updated, counts[name].deleted) for name in tables}

    assert read() == dict.fromkeys(tables, (2, 0, 0))
    assert read() == dict.fromkeys(tables, (0, 0, 0))
    # a row that raw lacks is asked for by its key as the source spells it
    with database.begin() as con:
        for name in tables:
            warehouse.execute(f"delete from raw_crm.{name} where rowid = 0")
            con.execute(sa.text(f"update {name} set updated_at = '2019-01-01 10:00:00'"))
    assert {name: (inserted, deleted) for name, (inserted, _, deleted) in read().items()} == dict.fromkeys(
        tables, (1, 0)
    )


def test_a_row_that_comes_late_is_asked_for_by_the_instant(database, warehouse, home):
    if database.dialect.name != "postgresql":
        pytest.skip("no such type there")
    table = Table(columns={"id": "BIGINT", "moved": "TIMESTAMP"}, key=["id"], cursor="moved", cursor_lag=0.25)
    url = database.url.render_as_string(hide_password=False)
    source = Source(connector="sql", url=url, tables={"timed": table}, timezone="Europe/Stockholm")
    settings = Settings(company="T", sources={"crm": source})
    prepare_raw(warehouse, settings)
    with database.begin() as con:
        con.execute(sa.text("drop table if exists timed; create table timed (id integer, moved timestamptz)"))
        con.execute(sa.text("insert into timed values (1, '2025-01-10 14:04:00+00')"))
    assert extract_source(warehouse, home, settings, "crm")["timed"].inserted == 1
    with database.begin() as con:
        con.execute(sa.text("insert into timed values (2, '2025-01-10 13:55:00+00'), (3, '2025-01-10 14:25:00+00')"))
    counts = extract_source(warehouse, home, settings, "crm")["timed"]
    assert counts.inserted == 2 and counts.way.startswith("changes")


def test_a_database_without_an_encoding_fails_alone(load, postgres):
    url = sa.make_url(postgres)
    engine = sa.create_engine(with_driver(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as con:
        con.execute(sa.text("drop database if exists plain_ascii"))
        con.execute(
            sa.text("create database plain_ascii encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'")
        )
    engine.dispose()
    with pytest.raises(SourceError, match=r"cannot be read \(TypeError\)"):
        load(url.set(database="plain_ascii").render_as_string(hide_password=False))


_GOOD = "('2026-01-01', '2026-01-01 10:00:00', 1.5, 7)"
_BAD = {
    "postgresql": [
        ("('-infinity', null, null, null)", "day"),
        ("(null, '-infinity', null, null)", "moved"),
        ("(null, null, 'NaN', null)", "amount"),
        ("(null, null, 1e60, null)", "amount"),
        ("(null, null, null, 18446744073709551615)", "many"),
    ],
    "mysql": [
        ("('0000-00-00', null, null, null)", "day"),
        ("(null, '0000-00-00 00:00:00', null, null)", "moved"),
        ("(null, null, 1e40, null)", "amount"),
        ("(null, null, null, 18446744073709551615)", "many"),
    ],
}


@pytest.mark.parametrize("zone", [None, "Europe/Stockholm"])
def test_a_value_that_cannot_be_read_costs_its_row_and_is_told(database, warehouse, home, zone):
    is_postgres = database.dialect.name == "postgresql"
    bad = _BAD["postgresql" if is_postgres else "mysql"]
    kinds = "day date, moved timestamptz, amount numeric, many numeric" if is_postgres else "day date, moved datetime, amount decimal(65, 2), many bigint unsigned"  # fmt: skip
    rows = [_GOOD] * 20 + [row for row, _ in bad]
    if is_postgres:
        rows.append("('infinity', 'infinity', 1, 1)")
    with database.begin() as con:
        if not is_postgres:
            con.execute(sa.text("set sql_mode = ''"))
        con.execute(sa.text("drop table if exists bad"))
        con.execute(sa.text(f"create table bad (id integer, {kinds})"))
        for number, row in enumerate(rows):
            con.execute(sa.text(f"insert into bad values ({number}, {row[1:]}"))
    columns = {"id": "BIGINT", "day": "DATE", "moved": "TIMESTAMP", "amount": "DECIMAL(18, 2)", "many": "BIGINT"}
    tables = {"bad": Table(columns=columns, key=["id"], find_deletions=True)}
    tables["times"] = Table(columns={c: columns[c] for c in ("id", "day", "moved")}, key=["id"], table="bad")
    url = database.url.render_as_string(hide_password=False)
    source = Source(connector="sql", url=url, tables=tables, timezone=zone)
    settings = Settings(company="T", sources={"crm": source}, quality={"max_reject_share": 0.5})
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "crm")
    assert counts["bad"].rejected == len(bad) and counts["bad"].inserted == len(rows) - len(bad)
    assert counts["times"].rejected == 2
    told = warehouse.execute(
        "select (content::json->>'id')::int, column_name from quarantine.rejected_rows where table_name = 'bad' order by 1"
    ).fetchall()
    assert told == [(20 + number, column) for number, (_, column) in enumerate(bad)]
    for name in tables:
        years = f"select distinct year(day), year(moved) from raw_crm.{name} where day is not null or moved is not null"
        assert warehouse.execute(years).fetchall() == [(2026, 2026)]
