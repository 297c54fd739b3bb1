"""What `add-source` makes of amounts: by their mark, their currency and every row's fractions."""

from __future__ import annotations

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


@pytest.mark.parametrize("written", [("1.234", "2.500"), ("1.234 kr", "2.500 kr"), ("1,234", "2,500")])
def test_a_mark_before_three_digits_may_part_thousands_and_is_told_of(tmp_path, written):
    _, how, _, found = amount(tmp_path, *written)
    (line,) = [line for line in found.block.splitlines() if line.startswith("amount = ")]
    assert "its mark may part thousands" in line
    if "kr" in written[0]:
        assert how == {"column": "total", "decimal": ","}, "money has no fraction of three digits"


def test_a_fraction_behind_the_first_rows_keeps_its_digits(tmp_path):
    assert amount(tmp_path, *["1.50"] * 6000, "1.2345")[0] == "DECIMAL(18, 4)"


@pytest.mark.parametrize("written", ["12 %", "10 tkr", "1,50-"])
def test_what_a_night_does_not_read_as_an_amount_is_not_mapped_as_one(tmp_path, written):
    _, how, _, found = amount(tmp_path, "1,50", written)
    assert how is None and found.tables[0].unmapped == ["total"]


def test_what_accounts_write_for_less_than_nothing_is_an_amount(tmp_path):
    assert amount(tmp_path, "(1,50)", "2,50")[1] == {"column": "total", "decimal": ","}
