"""What tests of publications share: their moment, and what a file holds. Not here: the warehouse that is published (conftest.py)."""

from __future__ import annotations

from datetime import datetime

import duckdb

MOMENT = datetime(2026, 1, 1, 2)


def rows(path) -> int:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute("select count(*) from bi.fct_orders").fetchall()[0][0]
