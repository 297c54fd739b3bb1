"""Statements on an erased person's contact point beside another person's key: they stay, without the point.

A withdrawal denies by the key, and a grant without its point is none. Not here: who is suppressed (suppressor.py).
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from orchestration.core.settings import Table
from orchestration.core.warehouse import drop_tables, key_text, quote


def part_statements(con: duckdb.DuckDBPyConnection, table: Table, delivered: str, note: Callable[[str], None]) -> None:
    """Takes the points out of statements in the temp table `delivered` that name a suppressed person by a point alone, beside
    another person's key: of the hits in the temp table `suppressed_hits` those of such rows go.

    Where the point is part of the row's own key, `note` gets the temp table of such rows, and they stay among the hits.
    """
    if not table.holds_statements:
        return
    for number, person in enumerate(table.whose):
        points = sorted({*person.email, *person.phone})
        if not person.key or person.is_kept or person.key_columns == table.key:
            continue
        key = f"select rowid as row_id, {key_text(person.key_columns)} as person_key from {delivered}"
        beside = (
            f"select row_id from suppressed_hits h join ({key}) k using (row_id) group by row_id "
            f"having bool_and(h.person = {number} and h.kind in ('email', 'phone')) "
            "and coalesce(any_value(trim(k.person_key)), '') <> ''"
        )
        con.execute(f"create or replace temp table named_beside as {beside}")
        if set(points) & set(table.key):
            con.execute(
                f"create or replace temp table rows_beside as from {delivered} where rowid in (from named_beside)"
            )
            note("rows_beside")
            drop_tables(con, "rows_beside", "named_beside")
            continue
        nothing = ", ".join(f"{quote(column)} = null" for column in points)
        con.execute(f"update {delivered} set {nothing} where rowid in (from named_beside)")
        con.execute("delete from suppressed_hits where row_id in (from named_beside)")
        con.execute("drop table named_beside")
