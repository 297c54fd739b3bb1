"""Columns of what people chose, as a number: what somebody wrote there instead does not enter raw.

Rows of answers often name nobody, so no erasure would find a text or a telephone number in them. Not here: free text that is kept
without what may not enter (entry.py).
"""

from __future__ import annotations

from collections import Counter

import duckdb

from orchestration.core.settings import Table
from orchestration.core.warehouse import quote

_WRITTEN = "written by a person"
# a choice, a grade or a share; a year, a postal code or a telephone number is longer
_CHOICE = r"\s*-?[0-9]{1,3}([.][0-9]{1,2})?\s*"


def only_choices(
    con: duckdb.DuckDBPyConnection, table: Table, relation: str, taken: Counter[tuple[str, str]]
) -> dict[str, str]:
    """Column → SQL of its value in row `d`, null where it is no choice; of columns with such values, which `taken` counts."""
    if not table.choices:
        return {}
    chosen = {c: f"regexp_full_match({quote(c)}::varchar, '{_CHOICE}')" for c in table.choices}
    counts = ", ".join(f"count(*) filter (where not {one})" for one in chosen.values())
    (row,) = con.execute(f"select {counts} from {relation}").fetchall()
    written = {column: int(rows) for column, rows in zip(chosen, row, strict=True) if rows}
    taken.update({(column, _WRITTEN): rows for column, rows in written.items()})
    return {
        column: f"case when regexp_full_match(d.{quote(column)}::varchar, '{_CHOICE}') then d.{quote(column)} end"
        for column in written
    }
