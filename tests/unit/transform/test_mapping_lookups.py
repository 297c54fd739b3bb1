"""What a mapping reads beside a row: columns of other tables, and what only one line of an order says."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import Table
from tests.unit.mapped import models_of, raw

LOOKUP = {"table": "orders", "by": {"order_no": "id"}, "columns": {"is_test": "test", "sold": "day"}}
ITEMS = {
    "entity": "order_items",
    "where": "coalesce(is_test, 'no') = 'no'",
    "lookups": [LOOKUP],
    "columns": {"source_key": "line", "order_key": "order_no", "quantity": "n", "ordered_at": "sold"},
}


def items(con):
    tables = {
        "lines": Table(columns=dict.fromkeys(("line", "order_no", "n"), "VARCHAR"), key=["line"], maps=[ITEMS]),
        "orders": Table(columns=dict.fromkeys(("id", "test", "day"), "VARCHAR"), key=["id"]),
    }
    sql = models_of(tables)["order_items"][0]
    return con.execute(f"select source_key, ordered_at::date::varchar, quarantine_code, load_id from ({sql}) order by 1").fetchall()  # fmt: skip


def test_a_row_knows_what_the_row_that_it_refers_to_says_and_is_as_new_as_it():
    with duckdb.connect() as con:
        raw(con, "lines", {"line": "1", "order_no": "a", "n": "1"}, {"line": "2", "order_no": "b", "n": "1"}, {"line": "3", "order_no": "c", "n": "1"})  # fmt: skip
        raw(con, "orders", {"id": "a", "test": "no", "day": "2026-01-01", "_load_id": 7}, {"id": "b", "test": "yes", "day": "2026-01-02"})  # fmt: skip
        assert items(con) == [("1", "2026-01-01", None, 7), ("2", "2026-01-02", "ignored", 1), ("3", None, None, 1)]
        # what is gone there says nothing any more, and makes the row new all the same
        con.execute("update raw_shop.orders set _deleted_at = '2026-02-01', _load_id = 8 where id = 'b'")
        assert items(con)[1] == ("2", None, None, 8)


def test_the_first_of_several_rows_brings_all_its_columns():
    """Empty ones before: a list that somebody sorted has a place in each row, and what came later has none."""
    first = {"table": "addresses", "by": {"id": "of"}, "columns": {"town": "city", "lives": "street"}, "first_by": ["place", "no"], "where": "active = 'true'"}  # fmt: skip
    mapping = {
        "entity": "people",
        "constants": {"kind": "contact"},
        "lookups": [first],
        "columns": {"source_key": "id", "city": "town", "street": "lives"},
    }
    tables = {
        "people": Table(columns={"id": "VARCHAR"}, key=["id"], maps=[mapping]),
        "addresses": Table(columns=dict.fromkeys(("no", "of", "place", "city", "street", "active"), "VARCHAR"), key=["no"]),
    }  # fmt: skip

    def row(no, of, place, city, street, active="true"):
        return {"no": no, "of": of, "place": place, "city": city, "street": street, "active": active}

    with duckdb.connect() as con:
        raw(con, "people", {"id": "a"}, {"id": "b"}, {"id": "c"})
        raw(
            con, "addresses", row("1", "a", "2", "Umeå", "Nygatan 7"), row("2", "a", "1", "Lund", None), row("3", "a", "0", "Ystad", "Hamngatan 1", "false"),
            row("4", "b", "1", "Umeå", "Storgatan 1"), row("5", "b", None, "Visby", "Strandgatan 2"), row("6", "b", None, "Åre", "Torget 3"),
        )  # fmt: skip
        found = con.execute(
            f"select source_key, city, street from ({models_of(tables)['people'][0]}) order by 1"
        ).fetchall()
    assert found == [("a", "Lund", None), ("b", "Visby", "Strandgatan 2"), ("c", None, None)]


CONFIG = """company = "T"
[sources.shop]
connector = "files"
url = "/x"
[sources.shop.tables.orders]
path = "orders.csv"
columns = {{ id = "VARCHAR", test = "BOOLEAN" }}
[sources.shop.tables.lines]
path = "lines.csv"
columns = {{ line = "VARCHAR", order_no = "VARCHAR", n = "BIGINT" }}
[[sources.shop.tables.lines.maps]]
entity = "order_items"
columns = {{ source_key = "line", order_key = "order_no", quantity = "n" }}
{more}
"""


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('lookups = [{ table = "order", by = { order_no = "id" }, columns = { t = "test" } }]', "not a table of the source"),
        ('lookups = [{ table = "orders", by = { order_no = "no" }, columns = { t = "test" } }]', "names 'no'"),
        ('lookups = [{ table = "orders", by = { order_no = "id" }, columns = { n = "test" } }]', "is there already"),
        ('lookups = [{ table = "orders", by = { order_no = "id" }, columns = { t = "test" }, where = "n > 1" }]', "reads n"),
        ('lookups = [{ table = "orders", by = { order_no = "id" }, columns = { t = "id" }, aggregate = "sum" }]', "'t' of the lookup in 'orders' sums"),
        ('lookups = [{ table = "orders", by = { order_no = "id" }, columns = { t = "test" }, first_by = ["day"] }]', "names 'day'"),
        ('lookups = [{ table = "orders", by = { order_no = "id" }, columns = { t = "test" }, first_by = ["id"], aggregate = "min" }]', "aggregate and first_by"),
        ('lines_of = "order"', "names 'order'"),
        ('said_once = ["n"]', "says no lines_of"),
    ],
)  # fmt: skip
def test_what_a_lookup_cannot_read_is_told_at_start(write_config, more, told):
    with pytest.raises(ConfigurationError, match=told):
        load_settings(write_config(CONFIG.format(more=more)))


def test_a_statement_looks_nothing_up(write_config):
    lookup = 'lookups = [{ table = "orders", by = { order_no = "id" }, columns = { t = "test" } }]'
    said = CONFIG.replace("order_items", "email_events").format(more=lookup)
    said = said.replace('order_key = "order_no", quantity = "n"', 'kind = "order_no", occurred_at = "n"')
    with pytest.raises(ConfigurationError, match="a row that refuses"):
        load_settings(write_config(said))


def test_what_happened_too_long_ago_by_another_table_is_not_read():
    """Raw alone does not tell when it was, so retention there keeps the row."""
    mapping = {
        "entity": "email_events",
        "constants": {"kind": "sent"},
        "lookups": [{"table": "campaigns", "by": {"campaign": "id"}, "columns": {"sent": "day"}}],
        "columns": {"source_key": "id", "person_key": "member", "occurred_at": "sent"},
    }
    tables = {
        "sent": Table(columns=dict.fromkeys(("id", "member", "campaign"), "VARCHAR"), key=["id"], maps=[mapping]),
        "campaigns": Table(columns=dict.fromkeys(("id", "day"), "VARCHAR"), key=["id"]),
    }
    sql, meta = models_of(tables)["email_events"]
    with duckdb.connect() as con:
        raw(con, "sent", {"id": "1", "member": "m", "campaign": "old"}, {"id": "2", "member": "m", "campaign": "new"})
        raw(con, "campaigns", {"id": "old", "day": "2020-01-01"}, {"id": "new", "day": "2026-02-01"})
        con.execute(
            "create schema ops; create table ops.clock as select timestamp '2026-03-01' as as_of; create schema reference"
        )
        con.execute("create table reference.data_categories as select 'behaviour' as category, 400 as retention_days")
        assert con.execute(f"select source_key from ({sql})").fetchall() == [("2",)]
        assert con.execute(f"select {meta['raw_rows']}").fetchall() == [(1,)]


def test_of_an_old_statement_a_grant_is_not_read_and_a_withdrawal_is():
    """A row of a person who is still a customer stays in raw with what they said long ago."""
    columns = dict.fromkeys(("id", "mail", "said", "day"), "VARCHAR")
    people = {"entity": "people", "columns": {"source_key": "id", "email": "mail"}}
    said = {
        "entity": "consent_events", "constants": {"purpose": "newsletter", "channel": "email"},
        "columns": {"source_key": "id", "contact_point": "mail", "stated_at": "day", "status": {"column": "said", "values": {"yes": "granted"}, "else": "withdrawn"}},
    }  # fmt: skip
    sql, _ = models_of({"customers": Table(columns=columns, key=["id"], maps=[people, said])})["consent_events"]
    with duckdb.connect() as con:
        raw(con, "customers", *({"id": n, "mail": f"{n}@example.com", "said": word, "day": day} for n, word, day in [("1", "yes", "2015-01-01"), ("2", "no", "2015-01-01"), ("3", "yes", "2026-01-01")]))  # fmt: skip
        con.execute(
            "create schema ops; create table ops.clock as select timestamp '2026-03-01' as as_of; create schema reference"
        )
        con.execute("create table reference.data_categories as select 'consent' as category, 1825 as retention_days")
        assert con.execute(f"select source_key from ({sql}) order by 1").fetchall() == [("2",), ("3",)]
