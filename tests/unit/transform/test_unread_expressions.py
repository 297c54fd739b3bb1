"""Values that an expression of a mapping cannot read: the row is set aside with a reason, and no other row and no log has to do with it."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.settings import Table
from tests.unit.mapped import models_of, raw
from tests.unit.vendor_rows import set_clock_and_retention

KINDS = dict.fromkeys(("no", "who", "day", "n", "price"), "VARCHAR")
DAY = {"sql": "strptime(day, '%d.%m.%Y')"}
GOOD = {"no": "1", "who": "a", "day": "01.02.2026", "n": "1", "price": "5.00"}
WRONG = "Anna Ek 070-174 06 05"


def staged(rows, others=(), *, entity="orders", columns=None, select="source_key, amount::varchar", **more):
    """Rows as they are staged, with why one is set aside."""
    columns = {"source_key": "no", "ordered_at": DAY, "amount": {"sql": "cast(price as decimal(18, 2))"}} | (columns or {})  # fmt: skip
    mapping = {"entity": entity, "columns": columns} | more
    tables = {"t": Table(columns=KINDS, maps=[mapping]), "o": Table(columns=dict.fromkeys(("id", "kind", "paid"), "VARCHAR"))}  # fmt: skip
    sql, _ = models_of(tables)[entity]
    with duckdb.connect() as con:
        raw(con, "t", *(GOOD | row for row in rows))
        raw(con, "o", *(others or [{"id": None, "kind": None, "paid": None}]))
        return con.execute(f"select {select}, quarantine_reason, quarantine_code from ({sql}) order by all").fetchall()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [({"day": WRONG}, "ordered_at cannot be computed"), ({"price": WRONG}, "amount cannot be computed")],
)
def test_a_value_that_an_expression_cannot_read_sets_its_row_aside_and_no_other(bad, reason):
    first, second = staged([{}, {"no": "2"} | bad])
    assert first == ("1", "5.00", None, None) and second[2:] == (reason, "unreadable")


def test_a_column_that_need_not_be_there_is_not_emptied_without_a_word_and_is_where_the_map_says_so():
    bad = [{"price": WRONG}]
    discount = {"sql": "cast(price as decimal(18, 2))"}
    said = {"amount": "n", "discount": discount}
    assert staged(bad, columns=said) == [("1", "1.00", "discount cannot be computed", "unreadable")]
    assert staged(bad, columns=said | {"discount": discount | {"on_bad": "null"}}) == [("1", "1.00", None, None)]
    # text too
    assert staged(bad, columns={"amount": "n", "status": {"sql": "'s' || cast(price as integer)"}})[0][2:] == ("status cannot be computed", "unreadable")  # fmt: skip
    # that an expression has no value is no failure
    assert staged(bad, columns={"amount": "n", "status": {"sql": "case when no = 'x' then 'paid' end"}})[0][2:] == (None, None)  # fmt: skip


def test_a_condition_that_cannot_be_computed_leaves_nothing_out():
    rows = staged([{}, {"no": "2", "n": "-1"}, {"no": "3", "n": WRONG}], where="cast(n as integer) > 0")
    assert [row[3] for row in rows] == [None, "ignored", "unreadable"]
    assert rows[2][2] == "a condition of the mapping cannot be computed"


@pytest.mark.parametrize("bad", [{"price": WRONG}, {"n": WRONG}])
def test_a_sum_of_lines_of_which_one_cannot_be_read_is_none(bad):
    summed = {"sql": "cast(price as decimal(18, 2))", "aggregate": "sum"}
    rows = staged([{}, {"no": "2"}, {"no": "2"} | bad], columns={"amount": "price", "discount": summed}, select="source_key, discount::varchar", one_row_per_key=True, where="cast(n as integer) > 0")  # fmt: skip
    assert rows[0] == ("1", "5.00", None, None)
    assert rows[1][0] == "2" and rows[1][3] == "unreadable", "of an order of which nobody knows the sum"


def test_what_is_looked_up_by_a_condition_that_cannot_be_computed_is_not_known():
    lookup = {"table": "o", "by": {"no": "id"}, "columns": {"paid": "paid"}, "where": "cast(kind as integer) = 1"}
    others = [{"id": "1", "kind": "1", "paid": "3"}, {"id": "2", "kind": WRONG, "paid": "3"}]
    rows = staged([{}, {"no": "2"}], others, columns={"refunded_amount": "paid"}, lookups=[lookup])
    assert [row[2:] for row in rows] == [(None, None), ("a condition of the mapping cannot be computed", "unreadable")]


def test_a_withdrawal_whose_time_cannot_be_computed_stands_and_a_grant_is_set_aside():
    said = {"source_key": "no", "person_key": "who", "status": "price", "stated_at": DAY}
    rows = []
    for status in ("granted", "withdrawn"):
        mapping = {"entity": "consent_events", "columns": said, "constants": {"purpose": "newsletter", "channel": "email"}}  # fmt: skip
        sql, _ = models_of({"t": Table(columns=KINDS, maps=[mapping])})["consent_events"]
        with duckdb.connect() as con:
            set_clock_and_retention(con)
            raw(con, "t", GOOD | {"price": status, "day": WRONG})
            rows += con.execute(f"select stated_at is null, quarantine_code from ({sql})").fetchall()
    assert rows == [(True, "unreadable"), (False, None)]
