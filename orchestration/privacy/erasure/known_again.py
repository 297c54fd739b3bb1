"""Rows of a record that was known again as an erased person's only after they had come.

A consent stands in another table than the contact, an order in another source: where that was read first, the record's key
said nothing yet. Not here: who is known again (suppressor.py); customers that came back, whom the next command erases
whole (`suppressed_customers` in subjects.py).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, transaction
from orchestration.privacy.erasure.erasure import delete_noted
from orchestration.privacy.intake.noted import forget_noted, prepare_noted

_NOTE = """
insert into restricted.erasing_records
select source_system, source_key, hash(source_system, source_key) from learned
"""
_NO_CUSTOMERS = " anti join identity.customer_source_records c using (source_system, source_key)"


def forget_known_again(
    con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, records: Iterable[tuple[str, str]]
) -> int:
    """Deletes what hangs on records (system, key) of nobody who is a customer; rows of accounting lose the person.

    The warehouse's file is written anew by the next command where any row changed. Returns the rows that changed.
    """
    systems, keys = zip(*sorted(records), strict=True)
    con.register("learned", pa.table({"source_system": pa.array(systems), "source_key": pa.array(keys)}))
    with transaction(con):
        prepare_noted(con)
        there = has_table(con, "identity", "customer_source_records")
        con.execute(_NOTE + (_NO_CUSTOMERS if there else ""))
        rows = delete_noted(con, settings)
        forget_noted(con)
    con.unregister("learned")
    if rows:
        home.erasure_mark.touch(0o600)
    return rows
