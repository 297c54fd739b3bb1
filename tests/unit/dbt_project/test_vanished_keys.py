"""Keys that no row of raw has any more, over two nights: what had them leaves conformed and the facts, as in a full rebuild."""

from __future__ import annotations

from datetime import datetime

from orchestration.core.configuration import load_settings
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.transform.runner import Dbt, set_clock
from tests.unit.vendor_rows import write_rows

CONFIG = """company = "T"
[sources.shop]
connector = "files"
url = "{folder}"
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


def test_what_had_a_key_that_no_row_has_any_more_leaves(home, write_config, tmp_path):
    settings = load_settings(write_config(CONFIG.format(folder=tmp_path)), {})

    def night(load):
        with open_warehouse(home, settings.engine) as con:
            prepare_raw(con, settings)
            extract_source(con, home, settings, "shop")
            set_clock(con, datetime(2026, 3, 10), load)
        Dbt(settings, home).build("+conformed_people +fct_order_items +books", exclude="test_type:data")
        with open_warehouse(home, settings.engine) as con:
            keys = "select source_key from {} where source_system = 'shop' order by 1"
            tables = ("conformed.conformed_people", "conformed.conformed_order_items", "marts.fct_order_items")
            found = [[key for (key,) in con.execute(keys.format(table)).fetchall()] for table in tables]
            return found, con.execute("from quarantine.books where not is_balanced").fetchall()

    write_rows(tmp_path / "orders_1.csv", [{"no": "1", "mail": "ana@example.com", "day": "2026-03-01"}, {"no": "2", "mail": "bo@example.com", "day": "2026-03-01"}])  # fmt: skip
    write_rows(tmp_path / "lines_1.csv", [{"line": "1", "no": "1", "item": "tent"}, {"line": "2", "no": "2", "item": "tent"}])  # fmt: skip
    items = ["1|tent", "2|tent"]
    assert night(0) == ([["ana@example.com", "bo@example.com"], items, items], [])
    # an order comes again with its address put right, and a line with its article
    write_rows(tmp_path / "orders_2.csv", [{"no": "1", "mail": "anna@example.com", "day": "2026-03-01"}])
    write_rows(tmp_path / "lines_2.csv", [{"line": "1", "no": "1", "item": "tarp"}])
    items = ["1|tarp", "2|tent"]
    assert night(1) == ([["anna@example.com", "bo@example.com"], items, items], [])
