"""What `add-source` makes of amounts: by their mark, their currency and every row's fractions."""

from __future__ import annotations

import json
import sqlite3
import tomllib

import pytest

from orchestration.proposals.propose import propose


def amount(tmp_path, *written):
    """How the amounts of orders are declared and mapped, in which currency, and what a person is told."""
    lines = [f"{n};{n % 3};2025-01-{n % 28 + 1:02d};{value}" for n, value in enumerate(written)]
    (tmp_path / "orders.csv").write_text("\n".join(["order_id;customer_id;order_date;total", *lines]) + "\n")
    found = propose("shop", str(tmp_path), "SEK")
    table = tomllib.loads(found.block)["sources"]["shop"]["tables"]["orders"]
    orders = [one for one in table["maps"] if one["entity"] == "orders"]
    how = orders[0]["columns"]["amount"] if orders else None
    return table["columns"].get("total"), how, orders[0]["constants"]["currency"] if orders else None, found


@pytest.mark.parametrize(
    "written",
    [("$ 1.50", "€ 2.50"), ("1,50 kr", "2,50 zł"), ("CHF 1.50", "CHF 2.50"), ("5,00 kr",) * 6000 + ("5,00 €",)],
)
def test_amounts_of_several_currencies_or_of_one_that_is_not_known_are_told_of_and_not_mapped(tmp_path, written):
    _, how, _, found = amount(tmp_path, *written)
    assert how is None and any("total: not mapped" in note and "currenc" in note for note in found.notes)


def test_a_currency_that_stands_beside_every_amount_is_the_orders(tmp_path):
    assert amount(tmp_path, "1,50 €", "1 234,50 €")[1:3] == ({"column": "total", "decimal": ","}, "EUR")
    assert amount(tmp_path, "99:-", "1 234,50 kr")[1:3] == ({"column": "total", "decimal": ","}, "SEK")


@pytest.mark.parametrize(
    "written", [("1.234", "2.500"), ("1.234 kr", "2.500 kr"), ("1,234", "2,500"), ("2.101", "345")]
)
def test_a_mark_before_three_digits_may_part_thousands_and_is_told_of(tmp_path, written):
    kind, how, _, found = amount(tmp_path, *written)
    (line,) = [line for line in found.block.splitlines() if line.startswith("amount = ")]
    assert "its mark may part thousands" in line
    # money has no fraction of three digits
    assert kind == "VARCHAR" and how == {"column": "total", "decimal": "." if "," in written[0] else ","}
    assert any("total: its mark may part thousands" in note for note in found.notes), "it is printed"
    assert found.tables[0].maps[0].sureness < 0.8


@pytest.mark.parametrize(
    ("header", "row", "quantity"),
    [
        # a place that writes fractions with a comma: by its separator, its dates, or another column
        ("id;order_id;sku;quantity;price;day", "{n};{n};a;1.25{n};9;2025-01-31", ("VARCHAR", ",")),
        ("id\torder_id\tsku\tquantity\tprice\tday", "{n}\t{n}\ta\t1.25{n}\t9\t31.01.2025", ("VARCHAR", ",")),
        ("id;order_id;sku;quantity;price;day", "{n};{n};a;1.25{n};9,50;2025-01-31", ("VARCHAR", ",")),
        ("id,order_id,sku,quantity,price,day", '{n},{n},a,"1,25{n}",9,01/31/2025', ("VARCHAR", ".")),
        # and one that does not
        ("id,order_id,sku,quantity,price,day", "{n},{n},a,1.25{n},9,2025-01-31", ("DECIMAL(18, 3)", None)),
        ("id;order_id;sku;quantity;price;day", "{n};{n};a;1.25{n};9.50;2025-01-31", ("DECIMAL(18, 3)", None)),
        ("id;order_id;sku;quantity;price;day", "{n};{n};a;1,25{n};9,50;2025-01-31", ("DECIMAL(18, 3)", None)),
    ],
)
def test_what_else_a_file_says_tells_thousands_from_fractions(tmp_path, header, row, quantity):
    rows = [row.format(n=n) for n in range(1, 8)]
    (tmp_path / "order_lines.csv").write_text("\n".join([header, *rows]) + "\n")
    found = propose("shop", str(tmp_path), "SEK").tables[0]
    (column,) = [one for one in found.columns if one.name == "quantity"]
    assert (column.declared, column.money) == quantity
    (lines,) = [one for one in found.maps if one.entity == "order_items"]
    assert lines.sureness < 0.8 and any("quantity: its mark may part thousands" in note for note in lines.notes)


def _documents(folder, rows):
    (folder / "order_lines.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(folder)


def _database(folder, rows):
    names = [*rows[0]]
    kinds = ", ".join(f"{name} {'REAL' if name == 'weight' else 'TEXT'}" for name in names)
    with sqlite3.connect(folder / "shop.sqlite") as con:
        con.execute(f"create table order_lines ({kinds}, primary key (id))")
        con.executemany(f"insert into order_lines values ({', '.join('?' * len(names))})", [[*row.values()] for row in rows])  # fmt: skip
    return f"sqlite:///{folder / 'shop.sqlite'}"


@pytest.mark.parametrize("written", [_documents, _database])
def test_texts_of_documents_and_databases_tell_thousands_as_a_file_does(tmp_path, written):
    """2.101 kr of a place that writes 31.01.2025; a number that is held as one is what it is."""
    said = {"sku": "a", "price": "2.10{n}", "discount": "1.00{n}", "quantity": "1.25{n}", "day": "31.01.2025"}
    rows = [{"id": str(n), "order_id": str(n), **{c: v.format(n=n) for c, v in said.items()}, "weight": 1.25 + n / 1000} for n in range(1, 8)]  # fmt: skip
    found = propose("shop", written(tmp_path, rows), "SEK").tables[0]
    marks = {c.name: (c.declared, c.money) for c in found.columns}
    assert (marks["price"], marks["quantity"]) == (("VARCHAR", ","), ("VARCHAR", ","))
    assert marks["weight"][1] is None and marks["weight"][0] != "VARCHAR"
    (lines,) = [one for one in found.maps if one.entity == "order_items"]
    assert any("price: its mark may part thousands" in note for note in lines.notes)
    # another text tells the mark, or the dates are of another place: money has no fraction of three digits all the same
    for price, day, discount in (("2.10{n}", "2025-01-31", ","), ("9.50", "31.01.2025", None)):
        for file in tmp_path.iterdir():
            file.unlink()
        others = [row | {"price": price.format(n=n), "day": day} for n, row in enumerate(rows, 1)]
        found = propose("shop", written(tmp_path, others), "SEK").tables[0]
        marks = {c.name: c.money for c in found.columns}
        assert (marks["quantity"], marks["price"], marks["discount"]) == (None, None, discount)


def test_amounts_with_and_without_thousands_are_one_column(tmp_path):
    assert amount(tmp_path, "2.100,50", "12,50", "345", "-7")[1] == {"column": "total", "decimal": ","}


def test_a_day_that_may_be_a_month_is_told_of(tmp_path):
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,order_date,total\n1,1,03/04/2025,10\n2,2,05/04/2025,11\n"
    )
    found = propose("shop", str(tmp_path), "SEK")
    assert any("order_date: the day and the month may be the other way round" in note for note in found.notes)
    assert found.tables[0].maps[0].sureness < 0.8


def test_a_fraction_behind_the_first_rows_keeps_its_digits(tmp_path):
    assert amount(tmp_path, *["1.50"] * 6000, "1.2345")[0] == "DECIMAL(18, 4)"


@pytest.mark.parametrize("written", ["12 %", "10 tkr", "1,50-"])
def test_what_a_night_does_not_read_as_an_amount_is_not_mapped_as_one(tmp_path, written):
    _, how, _, found = amount(tmp_path, "1,50", written)
    assert how is None and found.tables[0].unmapped == ["total"]


def test_what_accounts_write_for_less_than_nothing_is_an_amount(tmp_path):
    assert amount(tmp_path, "(1,50)", "2,50")[1] == {"column": "total", "decimal": ","}
