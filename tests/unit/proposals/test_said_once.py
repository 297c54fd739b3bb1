"""Lists of orders whose first line alone says what is the whole order's, and orders that name their person by an address alone. What is
read out of them is compared with what was written."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from orchestration.proposals.propose import propose
from tests.unit.proposals.blocks import settings_of
from tests.unit.vendor_rows import Vendor, write_rows

ENGLISH = ("Order", "Created at", "Email", "Billing Name", "Total", "Line item SKU", "Line item quantity", "Line item price")  # fmt: skip
SWEDISH = ("Ordernummer", "Orderdatum", "E-post", "Namn", "Totalt", "Artikelnummer", "Antal", "Pris")
PRICES = {"T1": "200.00", "S1": "50.00", "M1": "20.50"}


def delivered(names: tuple[str, ...], *, is_on_all: bool) -> list[dict[str, str]]:
    """Lines of 40 orders; one in ten is of nobody, and a total is what its lines cost and the freight."""
    dice, rows = random.Random(4), []
    for order in range(40):
        lines = [(dice.choice([*PRICES]), dice.randint(1, 3)) for _ in range(dice.choice([1, 2, 2, 3]))]
        total = 49 + sum(Decimal(PRICES[sku]) * many for sku, many in lines)
        who = order % 25
        of_all = (f"2025-03-{1 + order % 28:02d}", *(("", "") if order % 10 == 3 else (f"p{who}@example.com", f"Person {who}")), f"{total}")  # fmt: skip
        for place, (sku, many) in enumerate(lines):
            said = of_all if is_on_all or place == 0 else ("", "", "", "")
            rows.append(dict(zip(names, (str(1000 + order), *said, sku, str(many), PRICES[sku]), strict=True)))
    return rows


@pytest.fixture
def shop(home, warehouse, tmp_path):
    return Vendor(warehouse, home, tmp_path / "in")


@pytest.mark.parametrize("names", [ENGLISH, SWEDISH], ids=["English", "Swedish"])
@pytest.mark.parametrize("is_on_all", [False, True], ids=["first line", "every line"])
def test_a_total_counts_once_and_lines_and_people_are_those_of_their_order(shop, names, is_on_all):
    rows = delivered(names, is_on_all=is_on_all)
    write_rows(shop.folder / "orders.csv", rows)
    shop.add().read()
    number, day, email, name, total, sku, many, price = names
    expected: dict[str, dict[str, Any]] = {}
    for row in rows:
        of = expected.setdefault(row[number], {})
        of.update({column: row[column] for column in (day, email, name, total) if row[column]})
    orders = shop.kept("orders")
    assert {key: (f"{one['ordered_at']:%Y-%m-%d}", one["amount"], one.get("person_key")) for key, one in orders.items()} == {
        key: (of[day], Decimal(of[total]), of.get(email)) for key, of in expected.items()
    }  # fmt: skip
    lines = shop.staged("order_items")
    assert sorted((one["order_key"], one["product_key"], one["quantity"], one["unit_price"], f"{one['ordered_at']:%Y-%m-%d}") for one in lines) == sorted(
        (row[number], row[sku], int(row[many]), Decimal(row[price]), expected[row[number]][day]) for row in rows
    )  # fmt: skip
    people = {key: (one["email"], one["full_name"]) for key, one in shop.kept("people").items()}
    assert people == {of[email]: (of[email], of[name]) for of in expected.values() if email in of}
    assert "products" not in {one.entity for table in shop.found.tables for one in table.maps}


def test_orders_are_of_a_key_of_customers_where_another_column_has_it(tmp_path):
    """Not of the address beside it: who moves to another one stays the same customer."""
    orders = [{"Order": str(n), "Created at": f"2025-03-0{1 + n % 9}", "Email": f"p{n % 60}@example.com", "Total": f"{n + 10}.50", "Reference": f"3f2a-{100 + n % 60}"} for n in range(150)]  # fmt: skip
    people = [
        {"customer_number": f"3f2a-{100 + n}", "first_name": f"P{n}", "e-mail": f"p{n}@example.com"} for n in range(60)
    ]
    write_rows(tmp_path / "orders.csv", orders)
    write_rows(tmp_path / "customers.csv", people)
    found = propose("shop", str(tmp_path), "SEK")
    settings_of(found)
    maps = {table.name: table.maps for table in found.tables}
    (of_orders,) = [one for one in maps["orders"] if one.entity == "orders"]
    assert of_orders.of("person_key").columns == ("Reference",)
    assert [one.entity for one in maps["orders"]] == ["orders"]
    assert [one.entity for one in maps["customers"]] == ["people"]


def test_of_two_addresses_none_is_taken_for_the_customers(tmp_path):
    rows = [{"Order": str(n), "Created at": "2025-03-01", "Total": f"{n + 10}.50", "Email": f"p{n}@example.com", "Seller email": f"s{n % 3}@shop.example"} for n in range(20)]  # fmt: skip
    write_rows(tmp_path / "orders.csv", rows)
    found = propose("shop", str(tmp_path), "SEK")
    (table,) = found.tables
    assert [one.of("person_key") for one in table.maps if one.entity == "orders"] == [None]
    assert any("name no person" in note for note in found.notes)
