"""What another delivery replaces, and keys that no row of raw has any more, over nights: conformed and facts hold what a full rebuild
holds. Here: one company of two sources, whose nights are built once, for dbt takes long to read its project."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.transform.runner import Dbt, set_clock
from tests.unit.vendor_rows import write_rows

CONFIG = """company = "T"
[sources.export]
connector = "files"
url = "{folder}/export"
[sources.export.tables.lines]
path = "export*.csv"
columns = {{ no = "VARCHAR", day = "TIMESTAMP", item = "VARCHAR", price = "DECIMAL(18, 2)" }}
[[sources.export.tables.lines.maps]]
entity = "order_items"
constants = {{ currency = "SEK" }}
lines_of = "no"
said_once = ["day"]
columns = {{ source_key = "_row_key", order_key = "no", product_key = "item", ordered_at = "day", unit_price = "price", quantity = {{ sql = "1" }} }}
[sources.shop]
connector = "files"
url = "{folder}/shop"
[sources.shop.tables.orders]
path = "orders*.csv"
key = ["no"]
columns = {{ no = "VARCHAR", mail = "VARCHAR", day = "TIMESTAMP" }}
[[sources.shop.tables.orders.maps]]
entity = "people"
one_row_per_key = true
constants = {{ kind = "shopper" }}
columns = {{ source_key = "mail", email = "mail" }}
[sources.shop.tables.lines]
path = "lines*.csv"
key = ["line"]
columns = {{ line = "VARCHAR", no = "VARCHAR", item = "VARCHAR" }}
[[sources.shop.tables.lines.maps]]
entity = "order_items"
columns = {{ source_key = ["no", "item"], order_key = "no", product_key = "item", quantity = {{ sql = "1" }} }}
"""
MODELS = "+conformed_people +fct_order_items +books"
KEYED = ("conformed.conformed_people", "conformed.conformed_order_items", "marts.fct_order_items")


def line(no, item, price, day=""):
    return {"no": no, "day": day, "item": item, "price": price}


# what is delivered before each night, by file; the last night rebuilds
DELIVERED: list[dict[str, list[dict[str, str]]]] = [
    {
        "export/export_1.csv": [line("1001", "Tent", "100.00", "2026-03-01"), line("1001", "Stove", "50.00"), line("1002", "Tent", "90.00", "2026-03-02"), line("1002", "Stove", "40.00")],
        "shop/orders_1.csv": [{"no": "1", "mail": "ana@example.com", "day": "2026-03-01"}, {"no": "2", "mail": "bo@example.com", "day": "2026-03-01"}],
        "shop/lines_1.csv": [{"line": "1", "no": "1", "item": "tent"}, {"line": "2", "no": "2", "item": "tent"}],
    },
    # an order comes again with its address put right, and a line with its article
    {
        "export/export_2.csv": [line("1002", "Tent", "80.00", "2026-03-03")],
        "shop/orders_2.csv": [{"no": "1", "mail": "anna@example.com", "day": "2026-03-01"}],
        "shop/lines_2.csv": [{"line": "1", "no": "1", "item": "tarp"}],
    },
    # the same file again, corrected: its first line says another day of all, and a line is gone
    {
        "export/export_1.csv": [line("1001", "Tent", "100.00", "2026-03-04"), line("1001", "Stove", "50.00")],
        "export/export_2.csv": [line("1002", "Stove", "70.00", "2026-03-03")],
    },
    {},
]  # fmt: skip


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> list[dict[str, Any]]:
    """Of each night the lines of the export as facts, the shop's keys by table, and the books that do not balance."""
    folder = tmp_path_factory.mktemp("over_nights")
    home, config = Home(folder / "home").prepare(), folder / "kundbild.toml"
    config.write_text(CONFIG.format(folder=folder))
    settings = load_settings(config, {})
    dbt, loads, found = Dbt(settings, home), 0, []
    for files in DELIVERED:
        for name, rows in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            write_rows(folder / name, rows)
        with open_warehouse(home, settings.engine) as con:
            prepare_raw(con, settings)
            for source in settings.sources:
                extract_source(con, home, settings, source)
            set_clock(con, datetime(2026, 3, 10), loads)
        dbt.build(MODELS, exclude="test_type:data", full_refresh=not files)
        with open_warehouse(home, settings.engine) as con:
            (loads,) = con.execute("select max(load_id) from ops.loads").fetchall()[0]
            lines = "select order_key, product_key, gross_amount::int, sold_at::date::varchar from marts.fct_order_items where source_system = 'export' order by all"
            keys = "select source_key from {} where source_system = 'shop' order by 1"
            found.append(
                {
                    "lines": con.execute(lines).fetchall(),
                    "keys": [[key for (key,) in con.execute(keys.format(table)).fetchall()] for table in KEYED],
                    "unbalanced": con.execute("from quarantine.books where not is_balanced").fetchall(),
                }
            )
    return found


def test_lines_that_a_newer_file_replaces_leave_the_facts_as_in_a_rebuild(nights):
    first = [("1001", "Stove", 50, "2026-03-01"), ("1001", "Tent", 100, "2026-03-01")]
    assert nights[1]["lines"] == [*first, ("1002", "Tent", 80, "2026-03-03")]
    expected = [("1001", "Stove", 50, "2026-03-04"), ("1001", "Tent", 100, "2026-03-04"), ("1002", "Stove", 70, "2026-03-03")]  # fmt: skip
    assert nights[2]["lines"] == nights[3]["lines"] == expected


def test_what_had_a_key_that_no_row_has_any_more_leaves(nights):
    items = ["1|tent", "2|tent"]
    assert nights[0]["keys"] == [["ana@example.com", "bo@example.com"], items, items]
    items = ["1|tarp", "2|tent"]
    assert [night["keys"] for night in nights[1:]] == [[["anna@example.com", "bo@example.com"], items, items]] * 3


def test_the_books_balance_every_night(nights):
    assert [night["unbalanced"] for night in nights] == [[]] * 4
