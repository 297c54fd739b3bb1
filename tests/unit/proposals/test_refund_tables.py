"""A table of what was given back of orders: it is no revenue, and what it says is taken off the orders that it names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.core.settings import Table
from tests.unit.mapped import models_of, raw, set_clock_and_retention
from tests.unit.proposals.blocks import settings_of
from tests.unit.proposals.test_currencies import LINES, found_in, orders

REFUNDS = [
    {"id": "1", "order_no": "N1", "refunded_on": "2026-01-05", "amount": "4.00"},
    {"id": "2", "order_no": "N1", "refunded_on": "2026-01-06", "amount": "2.50"},
    {"id": "3", "order_no": "N2", "refunded_on": "2026-01-06", "amount": "19.00"},
]


def sold(warehouse, shapes, **rows):
    """(key, amount, what was given back) of the conformed orders that the proposed maps make of these rows."""
    for name, shape in shapes.items():
        raw(warehouse, name, *rows[name])
        for column, kind in shape["columns"].items():
            warehouse.execute(f'alter table raw_shop."{name}" alter "{column}" type {kind}')
    set_clock_and_retention(warehouse)
    tables = {name: Table.model_validate(shape) for name, shape in shapes.items()}
    (model, _) = models_of(tables, ("",))["orders"]
    return warehouse.execute(f"select source_key, amount, refunded_amount from ({model}) order by all").fetchall()


@pytest.mark.parametrize(
    "name", ["refunds", "order_returns", "returer", "Kreditnotor", "credit_notes_2026", "palautukset"]
)
def test_what_a_table_of_refunds_says_is_taken_off_the_orders_that_it_names(tmp_path, warehouse, name):
    rows = {"orders": orders(), name: REFUNDS}
    found, shapes = found_in(tmp_path, **rows)
    (refunds,) = {*shapes} - {"orders"}
    settings_of(found)
    assert "maps" not in shapes[refunds] and shapes[refunds]["key"] == ["id"]
    told = sold(warehouse, shapes, **{"orders": rows["orders"], refunds: REFUNDS})
    assert told == [("N1", Decimal("19.00"), Decimal("6.50")), ("N2", Decimal("19.00"), Decimal("19.00"))]
    assert any(note.startswith(f"orders: refunded_amount is the sum of amount in {refunds}") for note in found.notes)
    assert shapes[refunds]["not_read"] == ["refunded_on"]


def test_lines_have_the_currency_of_their_order_beside_refunds(tmp_path):
    _, shapes = found_in(tmp_path, orders=orders(currency=("NOK", "SEK")), order_lines=LINES, refunds=REFUNDS)
    (lines,) = shapes["order_lines"]["maps"]
    assert lines["columns"]["currency"] == "order_currency"


# a number of their own, which an order may have too
NOTES = [{"id": f"N{n}", "customer_id": "c", "order_date": "2026-02-01", "total": "5.00"} for n in (1, 2)]


def test_refunds_beside_no_orders_are_orders_of_less_than_nothing(tmp_path, warehouse):
    found, shapes = found_in(tmp_path, credit_notes=NOTES)
    settings_of(found)
    assert [amount for _, amount, _ in sold(warehouse, shapes, credit_notes=NOTES)] == [Decimal("-5.00")] * 2
    assert any("credit_notes: taken for what was given back" in note for note in found.notes)


def test_refunds_that_name_no_order_are_not_mapped_beside_orders_that_may_have_their_keys(tmp_path):
    found, shapes = found_in(tmp_path, orders=orders(), credit_notes=NOTES)
    assert [one["entity"] for one in shapes["credit_notes"]["maps"]] == ["people"]
    assert any(note.startswith("credit_notes: not mapped to orders") and "-abs(" in note for note in found.notes)


def test_of_orders_that_say_themselves_what_was_given_back_a_table_of_refunds_is_not_read(tmp_path):
    found, shapes = found_in(tmp_path, orders=orders(refunded_amount=("6.50", "19.00")), refunds=REFUNDS)
    assert {*shapes} == {"orders"} and "lookups" not in shapes["orders"]["maps"][0]
    assert any(
        note.startswith("refunds: not mapped, for orders says itself what was given back") for note in found.notes
    )


@pytest.mark.parametrize("name", ["credit_orders", "ordrar", "kreditorder"])
def test_orders_on_credit_are_orders(tmp_path, warehouse, name):
    _, shapes = found_in(tmp_path, **{name: orders()})
    assert [amount for _, amount, _ in sold(warehouse, shapes, **{name: orders()})] == [Decimal("19.00")] * 2


def test_amounts_with_a_currency_beside_them_are_not_taken_for_sales(tmp_path):
    rows = [row | {"amount": f"{row['amount']} kr"} for row in REFUNDS]
    found, shapes = found_in(tmp_path, orders=orders(), refunds=rows)
    assert "refunds" not in shapes
    assert any(note.startswith("refunds: it may say what was given back of orders") for note in found.notes)
