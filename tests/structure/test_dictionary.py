"""The data dictionary tells of every table that readers get what an analyst needs to know, and of every number its unit."""

from __future__ import annotations

import pytest

from orchestration.contracts.dictionary import SCHEMAS, Column, Entry, as_text, read_dictionary

_NUMBERS = ("decimal", "double", "bigint", "integer", "float", "ubigint", "hugeint")


@pytest.fixture(scope="module")
def entries(manifest) -> list[Entry]:
    return read_dictionary(manifest, "NOK")


def test_every_table_of_readers_is_in_it_with_its_grain(manifest, entries):
    built = {n["name"] for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["schema"] in SCHEMAS}
    assert len(entries) == len(built) > 50
    assert [e.name for e in entries if not (e.grain and e.description and e.columns and e.sources)] == []
    assert [
        (e.name, set(e.grain) - {c.name for c in e.columns})
        for e in entries
        if not set(e.grain) <= {c.name for c in e.columns}
    ] == []


def test_every_column_says_what_it_is_and_whether_it_is_personal(entries):
    assert [f"{e.name}.{c.name}" for e in entries for c in e.columns if not (c.type and c.tag and c.description)] == []


def test_every_number_and_time_has_a_unit(entries):
    without = [
        f"{e.name}.{c.name}"
        for e in entries
        for c in e.columns
        if c.type.startswith((*_NUMBERS, "timestamp")) and not c.unit
    ]
    assert without == [], "give the column meta: {unit: …}, or its name a unit in orchestration/contracts/dictionary.py"


def test_an_amount_is_in_the_currency_that_its_definition_says(entries):
    units = {(e.name, c.name): c.unit for e in entries for c in e.columns}
    assert units["marts.fct_orders", "order_amount"] == "the row's currency"
    assert units["marts.fct_orders", "net_amount"] == units["marts.customer_360", "gross_amount"] == "NOK"
    assert units["marts.order_returns", "refunded_amount"] == "the lines' currency"
    # what a description says of the currency, its unit says too
    said = [
        f"{e.name}.{c.name}" for e in entries for c in e.columns
        if c.name.endswith("_amount") and ("in the company's currency" in c.description) != (c.unit == "NOK")
        and ("currency" in c.description)
    ]  # fmt: skip
    assert said == []


def test_pages_show_text_as_text():
    column = Column("a", "varchar", "", "none", True, "<img src=x onerror=alert(1)> | b")
    entry = Entry("bi", "t", "<b>one</b> row", ("a",), ("marts.t",), (column,))
    page, markdown = as_text([entry], "html"), as_text([entry], "md")
    assert "<img" not in page and "<b>one" not in page and 'id="bi.t"' in page
    assert "<img" not in markdown and r"\| b" in markdown and "### bi.t" in markdown
