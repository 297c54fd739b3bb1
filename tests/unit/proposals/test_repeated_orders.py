"""Lines of orders whose order says its total on every line: an order counts once, whatever the lines are keyed by."""

from __future__ import annotations

import tomllib

import duckdb
import pytest

from orchestration.proposals.propose import propose
from tests.unit.proposals.blocks import settings_of

SWEDISH = "Rad-id;Ordernr;Kundnr;Orderdatum;Artikel;Antal;Radpris;Ordersumma"
ENGLISH = "line_id;order_id;customer_id;order_date;sku;qty;price;order_total"
DANISH = "Ordrenr.;Linje;Kundenummer;Dato;Varenr.;Varenavn;Antal;Stk. pris;Linjetotal"


def proposed(tmp_path, header, row, *, orders=12, file="ordrar.csv"):
    """The table as a night reads it, and what is told; two lines an order."""
    rows = [row(order, line) for order in range(orders) for line in range(2)]
    (tmp_path / file).write_text("\n".join([header, *rows]) + "\n")
    found = propose("shop", str(tmp_path / file), "SEK")
    settings_of(found)
    (table,) = tomllib.loads(found.block)["sources"]["shop"]["tables"].values()
    return table, {one["entity"]: one for one in table["maps"]}, found


def line(order, number, price="100,00", total="200,00", day=None):
    return f"{2 * order + number};{1000 + order};K{order % 5};2025-01-{day or order % 28 + 1:02d};A{number};1;{price};{total}"


@pytest.mark.parametrize("header", [SWEDISH, ENGLISH])
@pytest.mark.parametrize("is_keyed_by_line", [True, False])
def test_an_order_of_several_lines_counts_its_total_once(tmp_path, header, is_keyed_by_line):
    names = header.split(";")
    table, maps, _ = proposed(
        tmp_path, header.partition(";")[2] if not is_keyed_by_line else header,
        lambda order, number: line(order, number).partition(";")[2] if not is_keyed_by_line else line(order, number),
    )  # fmt: skip
    orders, lines = maps["orders"], maps["order_items"]
    assert orders["one_row_per_key"] and orders["columns"]["source_key"] == names[1]
    assert orders["columns"]["amount"] == names[-1]
    assert table["key"] == ([names[0]] if is_keyed_by_line else [names[1], names[4]])
    assert lines["columns"]["order_key"] == names[1]
    assert lines["columns"]["source_key"] == (table["key"][0] if is_keyed_by_line else table["key"])


def test_an_order_whose_lines_say_their_own_amounts_is_their_sum(tmp_path):
    def row(order, number):
        return f"{1000 + order};{number + 1};K{order % 5};{order % 28 + 1:02d}-03-2025;A{number};Vare;{number + 1};100,00;{100 * (number + 1)},00"

    table, maps, _ = proposed(tmp_path, DANISH, row, file="ordrer.csv")
    assert table["key"] == ["Ordrenr.", "Linje"]
    assert maps["orders"]["columns"]["source_key"] == maps["order_items"]["columns"]["order_key"] == "Ordrenr."
    assert maps["orders"]["columns"]["amount"]["aggregate"] == "sum"
    assert maps["order_items"]["columns"]["unit_price"] == "Stk. pris"
    assert maps["order_items"]["columns"]["quantity"] == "Antal"


def test_an_amount_of_lines_or_of_orders_that_no_name_tells_is_to_be_looked_at(tmp_path):
    header = SWEDISH.replace("Ordersumma", "Belopp").replace("Radpris", "Vikt")
    _, maps, found = proposed(tmp_path, header, line)
    assert maps["orders"]["columns"]["amount"] == "Belopp"
    assert any("Belopp: it is the same on all lines of an order" in note for note in found.notes)
    _, maps, found = proposed(tmp_path, header, lambda order, number: line(order, number, total=f"{order + number},00"))
    assert maps["orders"]["columns"]["amount"]["aggregate"] == "sum"
    assert any("their sum is taken" in note for note in found.notes)


def test_a_number_that_comes_again_of_another_day_or_without_lines_is_in_doubt(tmp_path):
    # numbers of receipts that begin anew each day
    _, maps, found = proposed(tmp_path, SWEDISH, lambda order, number: line(order, number, day=number + 1))
    assert maps["orders"]["columns"]["source_key"] == "Rad-id"
    assert any("Ordernr comes again" in note for note in found.notes) and "sure: 50%" in found.block
    _, maps, found = proposed(
        tmp_path, "Id;Ordernr;Kundnr;Orderdatum;Belopp", lambda o, n: f"{2 * o + n};{o + 100};K1;2025-01-01;{50 * n + 1},00"
    )  # fmt: skip
    assert any("Ordernr comes again" in note for note in found.notes) and "one_row_per_key" not in maps["orders"]


def orders_of(tmp_path, header, of_a_sale, of_a_return):
    rows = [f"{n};K{n};2025-01-{n + 1:02d};{of_a_return if n % 4 == 3 else of_a_sale};100,00" for n in range(12)]
    (tmp_path / "ordrar.csv").write_text("\n".join([header, *rows]) + "\n")
    found = propose("shop", str(tmp_path / "ordrar.csv"), "SEK")
    settings_of(found)
    (table,) = tomllib.loads(found.block)["sources"]["shop"]["tables"].values()
    return next(one for one in table["maps"] if one["entity"] == "orders")["columns"]["amount"], found


@pytest.mark.parametrize(("sale", "back"), [("Försäljning", "Retur"), ("Sale", "Credit note"), ("Myynti", "Hyvitys"), ("Salg", "Kreditnota")])  # fmt: skip
def test_rows_that_give_money_back_are_no_sales(tmp_path, sale, back):
    amount, found = orders_of(tmp_path, "Ordernr;Kundnr;Orderdatum;Typ;Belopp", sale, back)
    with duckdb.connect() as con:
        asked = f'select sum({amount["sql"]}) from (values (100, ?), (100, ?), (-100, ?)) r("Belopp", "Typ")'
        assert con.execute(asked, [sale, back, back]).fetchall() == [(-100,)]
    assert any("look at Typ" in note for note in found.notes)


@pytest.mark.parametrize(("column", "sale", "back"), [("Kredit", "", "Ja"), ("Kredit", "Nej", "Ja"), ("Typ", "Försäljning", "Retur B2C")])  # fmt: skip
def test_what_may_say_that_money_is_given_back_is_in_doubt(tmp_path, column, sale, back):
    amount, found = orders_of(tmp_path, f"Ordernr;Kundnr;Orderdatum;{column};Belopp", sale, back)
    assert amount == "Belopp" and any(f"look at {column}" in note for note in found.notes)
    assert "sure: 50%" in found.block
