"""Lines of an order that another delivery replaces, over two nights: conformed and facts hold what a full rebuild holds."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.transform.runner import Dbt, set_clock
from tests.unit.vendor_rows import write_rows

CONFIG = """company = "T"
[sources.shop]
connector = "files"
url = "{folder}"
[sources.shop.tables.lines]
path = "export*.csv"
columns = {{ no = "VARCHAR", day = "TIMESTAMP", item = "VARCHAR", price = "DECIMAL(18, 2)" }}
[[sources.shop.tables.lines.maps]]
entity = "order_items"
constants = {{ currency = "SEK" }}
lines_of = "no"
said_once = ["day"]
columns = {{ source_key = "_row_key", order_key = "no", product_key = "item", ordered_at = "day", unit_price = "price", quantity = {{ sql = "1" }} }}
"""
MODELS = "+fct_order_items +books"


def line(no, item, price, day=""):
    return {"no": no, "day": day, "item": item, "price": price}


FIRST = [line("1001", "Tent", "100.00", "2026-03-01"), line("1001", "Stove", "50.00"), line("1002", "Tent", "90.00", "2026-03-02"), line("1002", "Stove", "40.00")]  # fmt: skip
NEWER = [line("1002", "Tent", "80.00", "2026-03-03")]


@pytest.fixture
def nights(home, write_config, tmp_path):
    """Loads the files that are there and builds; returns the lines of the fact and whether the books balance."""
    settings = load_settings(write_config(CONFIG.format(folder=tmp_path)), {})
    loads = 0

    def night(*, full_refresh: bool = False):
        nonlocal loads
        with open_warehouse(home, settings.engine) as con:
            prepare_raw(con, settings)
            extract_source(con, home, settings, "shop")
            set_clock(con, datetime(2026, 3, 10), loads)
        Dbt(settings, home).build(MODELS, exclude="test_type:data", full_refresh=full_refresh)
        with open_warehouse(home, settings.engine) as con:
            (loads,) = con.execute("select max(_load_id) from raw_shop.lines").fetchall()[0]
            lines = con.execute("select order_key, product_key, gross_amount::int, sold_at::date::varchar from marts.fct_order_items order by all").fetchall()  # fmt: skip
            return lines, con.execute("from quarantine.books where not is_balanced").fetchall()

    return night


def test_lines_that_a_newer_file_replaces_leave_the_facts_as_in_a_rebuild(nights, tmp_path):
    write_rows(tmp_path / "export_1.csv", FIRST)
    nights()
    write_rows(tmp_path / "export_2.csv", NEWER)
    lines, unbalanced = nights()
    kept = [("1001", "Stove", 50, "2026-03-01"), ("1001", "Tent", 100, "2026-03-01")]
    assert (lines, unbalanced) == ([*kept, ("1002", "Tent", 80, "2026-03-03")], [])
    # the same file again, corrected: its first line says another day of all, and a line is gone
    write_rows(tmp_path / "export_1.csv", [line("1001", "Tent", "100.00", "2026-03-04"), line("1001", "Stove", "50.00")])  # fmt: skip
    write_rows(tmp_path / "export_2.csv", [line("1002", "Stove", "70.00", "2026-03-03")])
    expected = [("1001", "Stove", 50, "2026-03-04"), ("1001", "Tent", 100, "2026-03-04"), ("1002", "Stove", 70, "2026-03-03")]  # fmt: skip
    assert nights() == (expected, [])
    assert nights(full_refresh=True) == (expected, [])
