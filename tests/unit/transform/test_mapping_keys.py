"""Rows of one key, and several maps of one table: which rows stand, whose they are, and what is counted of the rest."""

from __future__ import annotations

import pytest

from tests.unit.mapped import models_of, raw
from tests.unit.transform.mapping import AT, ORDERS, staged, table


def test_a_key_of_two_columns_is_one_key_whatever_they_hold(con):
    raw(
        con,
        "i",
        {"o": "A", "line": "1|2"},
        {"o": "A|1", "line": "2"},
        {"o": "B", "line": "1"},
        {"o": "B", "line": None},
    )
    columns = {"source_key": ["o", "line"], "order_key": "o", "quantity": {"column": "line", "on_bad": "null"}}
    lines = table("o line", {"entity": "order_items", "columns": columns}, key="o line")
    rows = staged(con, {"i": lines}, "order_items", "source_key, order_key, quarantine_reason")
    keys = [key for key, *_ in rows if key]
    assert len(keys) == len(set(keys)) == 3 and "B|1" in keys
    assert rows[-1] == (None, "B", "source_key is missing")


def test_a_person_key_of_two_columns_names_whose_the_rows_are():
    people = {"entity": "people", "columns": {"source_key": ["store", "no"], "email": "mail"}}
    orders = {"entity": "orders", "columns": ORDERS | {"person_key": ["store", "no"]}}
    customers = table("store no mail", people, key="store no")
    sales = table("store no at total", orders, key="at")
    assert customers.whose[0].key_columns == sales.whose[0].key_columns == ["store", "no"]


def test_a_row_that_says_what_was_sold_outlasts_everybody_whom_it_names():
    """An order list that customers are read out of: erasure and retention empty what is theirs, and keep what was sold."""
    orders = {"entity": "orders", "columns": ORDERS | {"person_key": "who"}}
    people = {
        "entity": "people",
        "one_row_per_key": True,
        "columns": {"source_key": "who", "email": "mail", "full_name": "name"},
    }
    sales = table("no who name mail at total", orders, people, key="no")
    assert [person.is_kept for person in sales.whose] == [True, True]
    assert sales.whose[1].email == ["mail"] and sales.whose[1].emptied == ["mail", "name"]
    alone = table("who name mail", people, key="who")
    assert [person.is_kept for person in alone.whose] == [False]


def test_rows_that_share_a_key_are_one_row_the_newest_and_the_rest_is_counted(con):
    raw(
        con, "p",
        {"id": "7", "mail": "old@x.example", "changed": "2026-01-02T00:00:00Z", "_load_id": 3},
        {"id": "7", "mail": "new@x.example", "changed": "2026-01-10T00:00:00Z", "_load_id": 2},
        {"id": "7", "mail": "gone@x.example", "changed": "2026-02-10T00:00:00Z", "_load_id": 4, "_deleted_at": "2026-02-11"},
        {"id": "8", "mail": "b@x.example", "changed": None},
        {"id": " ", "mail": "c@x.example", "changed": None},
    )  # fmt: skip
    people = {"entity": "people", "columns": {"source_key": "id", "email": "mail"}}
    tables = {"p": table("id mail changed", people, cursor="changed")}
    rows = staged(con, tables, "people", "source_key, email, load_id, quarantine_reason")
    # the load is the newest of all that share the key, so that an incremental night sees which row stands now
    assert rows == [
        ("7", "new@x.example", 4, None), ("8", "b@x.example", 1, None), (None, "c@x.example", 1, "source_key is missing"),
    ]  # fmt: skip
    _, meta = models_of(tables)["people"]
    assert con.execute(f"select {meta['raw_rows']}, {meta['shared_keys']}").fetchall() == [(3, 2)]


def test_people_read_out_of_an_order_list_are_those_that_it_names(con):
    raw(
        con, "o",
        {"no": "1", "who": "a", "name": "Ann", **AT}, {"no": "2", "who": "a", "name": "Ann Ek", **AT, "_load_id": 2},
        {"no": "3", "who": None, "name": None, **AT},
    )  # fmt: skip
    orders = {"entity": "orders", "columns": ORDERS | {"person_key": "who"}}
    people = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "who", "full_name": "name"}}
    tables = {"o": table("no who name at total", orders, people, key="no")}
    assert staged(con, tables, "people", "source_key, full_name") == [("a", "Ann Ek")]
    _, meta = models_of(tables)["people"]
    assert con.execute(f"select {meta['raw_rows']}").fetchall() == [(1,)] and "shared_keys" not in meta
    # an order of nobody is an order
    assert len(staged(con, tables, "orders", "source_key, person_key")) == 3


@pytest.mark.parametrize("more", ["", "created_at", "updated_at"])
def test_people_read_out_of_an_order_list_are_as_its_newest_order_has_them(con, more):
    """However the list is sorted: by a time of their own, else of the order in the row, else the last row stands."""
    raw(
        con, "o",
        {"no": "3", "who": "a", "name": "Ann Ek", "day": "20260301", "total": "1"},
        {"no": "1", "who": "a", "name": "Ann", "day": "20260101", "total": "1"},
        {"no": "2", "who": "b", "name": "Bo", "day": None, "total": "1"}, {"no": "4", "who": "b", "name": "Bo Ek", "day": None, "total": "1"},
    )  # fmt: skip
    day = {"column": "day", "formats": ["%Y%m%d"]}
    orders = {"entity": "orders", "columns": ORDERS | {"person_key": "who", "ordered_at": day}}
    people = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "who", "full_name": "name"} | ({more: day} if more else {})}  # fmt: skip
    tables = {"o": table("no who name day total", *([people] if more else [orders, people]), key="no")}
    assert staged(con, tables, "people", "source_key, full_name") == [("a", "Ann Ek"), ("b", "Bo Ek")]


def test_two_maps_of_one_table_to_one_entity_do_not_collide(con):
    raw(con, "c", {"id": "1", "mail": "a@x.example", "tel": "070", "by_mail": "yes", "by_tel": "no"})
    both = {"purpose": "newsletter", "wording_version": "w1"}

    def said(column: str, point: str, channel: str, **more) -> dict:
        how = {"column": column, "values": {"yes": "granted", "no": "withdrawn"}}
        columns = {"source_key": "id", "person_key": "id", "contact_point": point, "status": how, "stated_at": "id"}
        return {"entity": "consent_events", "columns": columns, "constants": both | {"channel": channel}, **more}

    tables = {"c": table("id mail tel by_mail by_tel", said("by_mail", "mail", "email"), said("by_tel", "tel", "sms", name="sms"), key="id")}  # fmt: skip
    rows = staged(con, tables, "consent_events", "source_key, channel, status")
    assert rows == [("1", "email", "granted"), ("1|sms", "sms", "withdrawn")]
    _, meta = models_of(tables)["consent_events"]
    assert con.execute(f"select {meta['raw_rows']}").fetchall() == [(2,)]


def test_one_person_in_two_maps_or_tables_of_a_source_is_one_row(con):
    raw(
        con,
        "o",
        {"no": "1", "payer": "a", "getter": "b", "mail": "old@x.example"},
        {"no": "2", "payer": "b", "getter": "b", "mail": None},
    )
    raw(con, "members", {"id": "a", "mail": "member@x.example"})
    payers = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "payer", "email": "mail"}}
    getters = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "getter"}}
    members = {"entity": "people", "columns": {"source_key": "id", "email": "mail"}}
    tables = {
        "o": table("no payer getter mail", payers, getters, key="no"),
        "members": table("id mail", members, key="id"),
    }
    assert staged(con, tables, "people", "source_key, email") == [("a", "member@x.example"), ("b", None)]
    _, meta = models_of(tables)["people"]
    assert con.execute(f"select {meta['raw_rows']}, {meta['shared_keys']}").fetchall() == [(2, 0)]


def test_a_row_stays_for_the_entity_that_needs_it_longest_and_is_hidden_from_the_other(con):
    """A list of bookings: a call (support, 3 years) that led to a cart (purchase, 7 years)."""
    raw(con, "b", {"id": "1", "at": "2026-01-01"}, {"id": "2", "at": "2021-01-01"}, {"id": "3", "at": None})
    calls = {
        "entity": "interactions",
        "columns": {"source_key": "id", "occurred_at": {"column": "at", "on_bad": "null"}},
    }
    carts = {"entity": "carts", "columns": {"source_key": "id", "created_at": "at"}}
    tables = {"b": table("id at", calls, carts, key="id")}
    con.execute("create schema ops; create table ops.clock as select timestamp '2026-06-01 02:00' as as_of")
    con.execute("create schema reference; create table reference.data_categories as select 'support' as category, 1095 as retention_days union all select 'purchase', 2555")  # fmt: skip
    # what tells no time is as old as its load
    assert [key for key, _ in staged(con, tables, "interactions", "source_key, source_system")] == ["1", "3"]
    assert [key for key, _ in staged(con, tables, "carts", "source_key, source_system")] == ["1", "2", "3"]
    _, meta = models_of(tables)["interactions"]
    assert con.execute(f"select {meta['raw_rows']}").fetchall() == [(2,)]


def test_of_statements_that_share_a_key_or_have_none_every_one_stands(con):
    raw(
        con, "c",
        {"who": "1", "what": "no", "of": "offers", "at": "2026-01-01"}, {"who": "1", "what": "yes", "of": "news", "at": "2026-02-01"},
        {"who": "1", "what": "yes", "of": "news", "at": "2026-02-01", "_load_id": 2}, {"who": None, "what": "no", "of": "offers", "at": "2026-01-01"},
    )  # fmt: skip
    how = {"column": "what", "values": {"yes": "granted", "no": "withdrawn"}}
    columns = {"source_key": "who", "person_key": "who", "status": how, "purpose": "of", "stated_at": "at"}
    said = {"entity": "consent_events", "columns": columns, "constants": {"channel": "email"}}
    tables = {"c": table("who what of at", said)}
    rows = staged(con, tables, "consent_events", "status, purpose, source_key, quarantine_reason")
    assert [(status, purpose, reason) for status, purpose, _, reason in rows] == [
        ("granted", "news", None), ("withdrawn", "offers", None), ("withdrawn", "offers", None),
    ]  # fmt: skip
    assert len({key for *_, key, _ in rows}) == 3 and None not in {key for *_, key, _ in rows}
    _, meta = models_of(tables)["consent_events"]
    assert con.execute(f"select {meta['raw_rows']}, {meta['shared_keys']}").fetchall() == [(3, 1)]
    # merged on its key, a row without one is known by what it says too
    tables = {"c": table("who what of at", said, key="who")}
    assert [key is None for *_, key in staged(con, tables, "consent_events", "status, purpose, source_key")] == [
        False
    ] * 4


def test_a_statement_of_one_table_never_stands_for_that_of_another(con):
    """Members and customers are both numbered from 1: a newer yes of the one leaves the no of the other as it is."""
    status = {"column": "news", "values": {"ja": "granted", "nej": "withdrawn"}, "else": "withdrawn"}
    said = {"columns": {"source_key": "id", "contact_point": "mail", "stated_at": "at", "status": status}}
    said |= {
        "entity": "consent_events",
        "constants": {"purpose": "newsletter", "channel": "email", "contact_point_type": "email"},
    }
    raw(con, "customers", {"id": "7", "mail": "a@x.example", "at": "2026-01-02", "news": "nej", "_load_id": 1})
    raw(con, "members", {"id": "7", "mail": "b@x.example", "at": "2026-01-10", "news": "ja", "_load_id": 2})
    both = {name: table("id mail at news", said, key="id") for name in ("customers", "members")}
    rows = staged(con, both, "consent_events", "contact_point, status")
    assert rows == [("a@x.example", "withdrawn"), ("b@x.example", "granted")]


def test_a_line_of_one_table_never_stands_for_that_of_another(con):
    lines = {"entity": "order_items", "columns": {"source_key": "id", "order_key": "o", "quantity": "n"}}
    raw(con, "web_lines", {"id": "1", "o": "A", "n": "2"})
    raw(con, "till_lines", {"id": "1", "o": "B", "n": "3"})
    both = {name: table("id o n", lines, key="id") for name in ("web_lines", "till_lines")}
    assert staged(con, both, "order_items", "order_key, quantity") == [("A", 2), ("B", 3)]
