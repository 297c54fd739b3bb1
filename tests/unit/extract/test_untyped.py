"""A table may say no types: its columns are those that its maps read, as text, and amounts are read by the marks of its file."""

from __future__ import annotations

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError, SourceError
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.run.first_rows import first_rows

MAPS = """
[[sources.shop.tables.orders.maps]]
entity = "orders"
columns = { source_key = "no", person_key = "who", ordered_at = { column = "day", formats = ["%d.%m.%Y"] }, amount = "total" }
constants = { currency = "SEK" }
"""


@pytest.fixture
def orders(tmp_path):
    (tmp_path / "orders.csv").write_text("no;who;day;total;note\nA1;1;31.12.2025;1 234,50;x\nA2;2;01.01.2026;5,00;y\n")

    def load(table="", maps=MAPS, source='csv = { delimiter = ";", decimal = "," }'):
        config = tmp_path / "kundbild.toml"
        config.write_text(
            f'company = "T"\n[sources.shop]\nconnector = "files"\nurl = "{tmp_path}"\n{source}\n'
            f'[sources.shop.tables.orders]\npath = "*.csv"\n{table}\n{maps}'
        )
        return load_settings(config)

    return load


def test_columns_are_those_that_are_read_as_text(orders, home, warehouse):
    settings = orders('key = ["no"]')
    table = settings.sources["shop"].tables["orders"]
    assert table.columns == dict.fromkeys(("no", "who", "day", "total"), "VARCHAR")
    assert table.maps[0].how("amount").decimal == ",", "as the file writes amounts"
    prepare_raw(warehouse, settings)
    assert extract_source(warehouse, home, settings, "shop")["orders"].inserted == 2
    assert warehouse.execute("select total from raw_shop.orders order by 1").fetchall() == [("1 234,50",), ("5,00",)]
    assert first_rows("shop", settings.sources["shop"], settings.quality) == []


def test_types_are_said_of_those_that_need_one(orders):
    table = orders('types = { total = "DECIMAL(18, 2)" }').sources["shop"].tables["orders"]
    assert table.columns["total"] == "DECIMAL(18, 2)" and table.columns["no"] == "VARCHAR"
    assert table.maps[0].how("amount").decimal is None, "the reader turns its commas"
    table = orders('columns = ["no", "who", "day", "total", "note"]').sources["shop"].tables["orders"]
    assert list(table.columns) == ["no", "who", "day", "total", "note"]


def test_columns_of_expressions_conditions_and_lookups_are_read_too(orders):
    maps = MAPS.replace('amount = "total"', 'amount = { sql = "total * 2" }').replace(
        "constants", 'where = "note <> \'test\'"\nlookups = [{ table = "people", by = { who = "id" }, columns = { mail = "email" } }]\nconstants'
    )  # fmt: skip
    maps += '[sources.shop.tables.people]\npath = "p*.csv"\n[[sources.shop.tables.people.maps]]\nentity = "people"\ncolumns = { source_key = "id" }\n'
    maps += 'constants = { kind = "shopper" }\n'
    tables = orders('types = { total = "DECIMAL(18, 2)" }', maps).sources["shop"].tables
    assert set(tables["orders"].columns) == {"no", "who", "day", "total", "note"}
    assert set(tables["people"].columns) == {"id", "email"}


def test_a_list_still_tells_of_a_slip_and_parquet_needs_its_types(orders):
    with pytest.raises(ConfigurationError, match="'total', which is not a column of the table"):
        orders('columns = ["no", "who", "day"]')
    with pytest.raises(ConfigurationError, match="'columns' is missing"):
        orders(source='format = "parquet"')
    with pytest.raises(ConfigurationError, match="'columns' is missing"):
        orders(maps="")


def test_a_column_that_is_gone_is_told_with_the_line_to_change(orders, home, warehouse, tmp_path):
    settings = orders('key = ["no"]')
    (tmp_path / "orders.csv").write_text("no;who;day;sum\nA1;1;31.12.2025;5,00\n")
    prepare_raw(warehouse, settings)
    with pytest.raises(SourceError, match="column total is gone; not declared there: sum") as refused:
        extract_source(warehouse, home, settings, "shop")
    assert 'change the line total = "VARCHAR" below [sources.shop.tables.orders.columns]' in refused.value.to_do
